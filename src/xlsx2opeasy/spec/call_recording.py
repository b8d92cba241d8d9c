"""Appendix III: the CallRecording sheet."""

from xlsx2opeasy.spec.build import NO_FORMER_VALUE, boolean, command, integer, required, text
from xlsx2opeasy.spec.effects import Effect
from xlsx2opeasy.spec.model import AtLeastOne, Content, Group, Subject, TaskType
from xlsx2opeasy.spec.rules import Between, OneOf

MODIFY = frozenset({"Modify"})
_RECORD_CALL = OneOf(
    ("Never", "Always", "AlwaysWithPauseResume", "OnDemand", "OnDemandWithUserInitiatedStart")
)

# fmt: off
_SETTINGS = (
    text("callRecording.recordCall", "When and how the user's calls are recorded.", MODIFY, _RECORD_CALL, example="Always"),
    boolean("callRecording.recordStartStopAnnouncement", "Announce the start and stop of recording.", MODIFY),
    boolean("callRecording.recordVoiceMessaging", "Record calls that go to voice mail.", MODIFY),
    text("callRecording.pauseResumeNotification", "Notification when recording is paused or resumed.", MODIFY, OneOf(("None", "Beep", "PlayAnnouncement")), example="Beep"),
    boolean("callRecording.repeatRecordCallWarningTone", "Repeat a warning tone while the call is recorded.", MODIFY),
    integer("callRecording.repeatRecordCallWarningToneSeconds", "Seconds between warning tones, where these are repeated.", MODIFY, Between(10, 1800), example="30"),
)
# fmt: on

CALL_RECORDING = TaskType(
    name="CallRecording",
    appendix="III",
    description="Call recording of existing users.",
    headings=("Call Recording Configuration", "Call Recording"),
    tab="#6B2C6B",
    commands=(
        command(
            "Modify",
            "Modify call recording settings for the user.",
            Effect.CHANGES_USER,
            inverse=NO_FORMER_VALUE,
        ),
    ),
    groups=(Group("callRecording", "The call recording settings.", MODIFY),),
    fields=(
        text(
            "userId",
            "ID of the user.",
            MODIFY,
            required=(required("Modify"),),
            content=Content.CODE,
            subject=Subject.USER,
            example="john.doe@example.com",
        ),
        *_SETTINGS,
    ),
    at_least_one=(
        AtLeastOne(
            MODIFY, tuple(each.name for each in _SETTINGS), "userId", "at least one setting", advised=True
        ),
    ),
)
