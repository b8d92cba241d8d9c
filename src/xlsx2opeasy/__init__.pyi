"""The public names, each with its module: for type checkers, and for `__init__.py` to find it."""

from xlsx2opeasy.check.checked import Checked as Checked
from xlsx2opeasy.check.checked import check_workbook as check_workbook
from xlsx2opeasy.errors import AccessDenied as AccessDenied
from xlsx2opeasy.errors import Interrupted as Interrupted
from xlsx2opeasy.errors import InvalidWorkbook as InvalidWorkbook
from xlsx2opeasy.errors import LoadRefused as LoadRefused
from xlsx2opeasy.errors import LocalFailure as LocalFailure
from xlsx2opeasy.errors import NeverReached as NeverReached
from xlsx2opeasy.errors import ServiceFailed as ServiceFailed
from xlsx2opeasy.errors import StillRunning as StillRunning
from xlsx2opeasy.errors import TakenOver as TakenOver
from xlsx2opeasy.errors import UsageError as UsageError
from xlsx2opeasy.errors import WorkbookUnusable as WorkbookUnusable
from xlsx2opeasy.errors import Xlsx2OpeasyError as Xlsx2OpeasyError
from xlsx2opeasy.load.events import Event as Event
from xlsx2opeasy.load.events import Listener as Listener
from xlsx2opeasy.load.job.facts import Target as Target
from xlsx2opeasy.load.plan.prepare import LoadOptions as LoadOptions
from xlsx2opeasy.load.plan.task_files import TaskFiles as TaskFiles
from xlsx2opeasy.load.results.load_result import LoadResult as LoadResult
from xlsx2opeasy.load.runner import Waiting as Waiting
from xlsx2opeasy.opeasy.client import OpEasyClient as OpEasyClient
from xlsx2opeasy.opeasy.connection import Connection as Connection
from xlsx2opeasy.opeasy.errors import CallError as CallError
from xlsx2opeasy.problems import Problem as Problem
from xlsx2opeasy.secret import Secret as Secret
from xlsx2opeasy.spec.catalogue import TASK_TYPES as TASK_TYPES
from xlsx2opeasy.tasks.limits import ChunkLimits as ChunkLimits
from xlsx2opeasy.workbook.model import Workbook as Workbook
from xlsx2opeasy.workbook.read import read_workbook as read_workbook

__version__: str
