"""`migration-2000-users.xlsx`: a company moves to OpEasy, 16 sites of 125 people with a phone each."""

from content import Example, Row, Sheet, mac_address, row

SITES = (
    ("Atlanta", "404", "America/New_York"),
    ("Austin", "512", "America/Chicago"),
    ("Boston", "617", "America/New_York"),
    ("Chicago", "312", "America/Chicago"),
    ("Dallas", "214", "America/Chicago"),
    ("Denver", "303", "America/Denver"),
    ("Detroit", "313", "America/New_York"),
    ("Las Vegas", "702", "America/Los_Angeles"),
    ("Los Angeles", "213", "America/Los_Angeles"),
    ("Miami", "305", "America/New_York"),
    ("Minneapolis", "612", "America/Chicago"),
    ("New York", "212", "America/New_York"),
    ("Philadelphia", "215", "America/New_York"),
    ("Phoenix", "602", "America/Phoenix"),
    ("Portland", "503", "America/Los_Angeles"),
    ("Seattle", "206", "America/Los_Angeles"),
)
PEOPLE_OF_A_SITE = 125
NUMBERS_OF_A_SITE = 100
"""555-0100 to 555-0199 are all that is reserved for fiction in an area code; the others have an extension."""

_FIRST_NAMES = """
Aaron Abigail Adrian Alice Amelia Andrew Angela Anthony Barbara Benjamin Brandon Brenda Caroline
Catherine Charlotte Christian Daniel Deborah Dominic Edward Elena Elizabeth Emily Ethan Evelyn
Fatima Felix Fernanda Gabriel Gloria Gregory Hannah Harold Heather Isabella Jacob Jasmine Jonathan
Julia Katherine Kevin Laura Leonard Lillian Lucas Madison Marcus Margaret Matthew
"""
FIRST_NAMES = tuple(_FIRST_NAMES.split())
_LAST_NAMES = """
Abbott Aguilar Alexander Andersen Barnes Becker Bishop Blackwell Burke Caldwell Carpenter Chambers
Chandra Contreras Crawford Delacroix Douglas Eriksen Espinoza Fitzgerald Fletcher Foster Garrison
Goldberg Gonzales Griffin Hamilton Harper Hawkins Henderson Ibrahim Jenkins Johansson Kaplan Keller
Kozlov Lambert Larsen Lombardi MacDonald Marshall Mendoza Morales Nguyen Novak Okafor Olsen
Patterson Pereira Quinn Ramirez Richards Rossi Sanders Schneider Sharma Sullivan Tanaka Thornton
Vasquez Wagner
"""
LAST_NAMES = tuple(_LAST_NAMES.split())
# (department, title, service packs, type of phone), by turns
POSTS = (
    ("Sales", "Account Manager", "Premium;Voice Mail", "Mitel 6930"),
    ("Sales", "Sales Assistant", "Standard;Voice Mail", "Mitel 6920"),
    ("Service", "Service Engineer", "Standard;Voice Mail", "Mitel 6920"),
    ("Service", "Dispatcher", "Premium;Voice Mail", "Mitel 6930"),
    ("Finance", "Accountant", "Standard;Voice Mail", "Mitel 6920"),
    ("Operations", "Planner", "Standard;Voice Mail", "Mitel 6920"),
    ("Operations", "Team Lead", "Premium;Voice Mail", "Mitel 6940"),
    ("Warehouse", "Storekeeper", "Basic", "Mitel 6905"),
)

_STRIDE = 1009
"""Prime, and no divisor of the number of pairs: steps through all pairs of names, each once, well mixed."""

USERS = (
    "command",
    "groupId",
    "user.userId",
    "user.lastName",
    "user.firstName",
    "user.department",
    "user.title",
    "user.phoneNumber",
    "user.phoneNumberActivation",
    "user.extension",
    "user.emailAddress",
    "user.servicePacks",
    "user.language",
    "user.timeZone",
    "device.name",
    "device.level",
    "device.type",
    "device.linePort",
    "device.template",
    "device.macAddress",
)
_NUMBERS = ("command", "groupId", "phoneNumbers", "activated")


def _user(number: int) -> Row:
    site, place = divmod(number, PEOPLE_OF_A_SITE)
    city, area_code, time_zone = SITES[site]
    last, first = divmod(number * _STRIDE % (len(FIRST_NAMES) * len(LAST_NAMES)), len(FIRST_NAMES))
    user_id = f"{FIRST_NAMES[first]}.{LAST_NAMES[last]}@example.com".lower()
    department, title, packs, phone = POSTS[number % len(POSTS)]
    extension = f"{place + 100:04}"
    has_number = place < NUMBERS_OF_A_SITE
    phone_number = f"{area_code}555{extension}" if has_number else None
    name = f"{city.upper().replace(' ', '')}-{extension}"
    return row(
        USERS,
        *("AddUserDevice", city, user_id, LAST_NAMES[last], FIRST_NAMES[first], department, title),
        *(phone_number, "Activate" if has_number else None, extension, user_id, packs),
        *("English (US)", time_zone, name, "Group", phone, f"{name.lower()}.primary", f"{phone} Standard"),
        mac_address(0x100000 + number),
    )


EXAMPLE = Example(
    "migration-2000-users.xlsx",
    "Migration of 2,000 users",
    (
        Sheet("Users", USERS, tuple(map(_user, range(len(SITES) * PEOPLE_OF_A_SITE))), frozen_columns=3),
        Sheet(
            "PhoneNumbers",
            _NUMBERS,
            tuple(
                row(_NUMBERS, "Assign", city, f"{area_code}-555-0100 - {area_code}-555-0199", True)
                for city, area_code, _ in SITES
            ),
        ),
    ),
)
