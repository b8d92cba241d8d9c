"""Who works in the office of `new-branch-office.xlsx`, and how each is called in the system."""

GROUP = "Fort Worth"

# (last name, first name, department, title, last two digits of number and extension, type of phone)
PEOPLE = (
    ("Alvarez", "Monica", "Management", "Branch Manager", "01", "Mitel 6940"),
    ("Bennett", "Charles", "Management", "Office Manager", "02", "Mitel 6940"),
    ("Castellanos", "Ines", "Front Desk", "Receptionist", "03", "Mitel 6970"),
    ("Delgado", "Rosa", "Sales", "Sales Team Lead", "04", "Mitel 6930"),
    ("Erickson", "Thomas", "Sales", "Account Manager", "05", "Mitel 6930"),
    ("Fontenot", "Claire", "Sales", "Account Manager", "06", "Mitel 6930"),
    ("Gupta", "Anjali", "Sales", "Account Manager", "07", "Mitel 6930"),
    ("Hoffmann", "Jürgen", "Sales", "Inside Sales", "08", "Mitel 6920"),
    ("Iwata", "Naomi", "Sales", "Inside Sales", "09", "Mitel 6920"),
    ("Jefferson", "Marcus", "Support", "Support Team Lead", "10", "Mitel 6930"),
    ("Kowalski", "Ewa", "Support", "Support Engineer", "11", "Mitel 6920"),
    ("Lindqvist", "Sören", "Support", "Support Engineer", "12", "Mitel 6920"),
    ("Mbeki", "Thandi", "Support", "Support Engineer", "13", "Mitel 6920"),
    ("Nakamura", "Kenji", "Support", "Support Engineer", "14", "Mitel 6920"),
    ("O'Connell", "Siobhan", "Accounting", "Accountant", "15", "Mitel 6930"),
    ("Petrov", "Dimitri", "Accounting", "Accounts Payable", "16", "Mitel 6920"),
    ("Quiñones", "Rafael", "Warehouse", "Warehouse Lead", "17", "Mitel 6920"),
    ("Robinson", "Denise", "Warehouse", "Dispatcher", "18", "Mitel 6920"),
)
# (last name, first name, department, title, last two digits): they work with Teams and have no desk phone
AT_HOME = (
    ("Stewart", "Alison", "Sales", "Field Sales", "19"),
    ("Thibodeaux", "Luc", "Sales", "Field Sales", "20"),
    ("Underwood", "Paige", "Support", "Support Engineer", "21"),
)

_ASCII = str.maketrans({"ü": "ue", "ö": "oe", "ñ": "n", "'": "", " ": "-"})


def user_id(first_name: str, last_name: str) -> str:
    """first.last@example.com, in ASCII and without spaces."""
    return f"{first_name}.{last_name}@example.com".translate(_ASCII).lower()


def id_of(last_name: str) -> str:
    """The user ID of somebody in this office."""
    (first,) = (person[1] for person in (*PEOPLE, *AT_HOME) if person[0] == last_name)
    return user_id(first, last_name)


def device_name(digits: str) -> str:
    """The name of the desk phone with this extension."""
    return f"FTW-01{digits}"
