"""What the Python drivers share: where the proxy is, and the customer that each test writes."""

import datetime
import decimal
import os

HOST = os.environ.get("PGVEIL_HOST", "127.0.0.1")
PORT = int(os.environ["PGVEIL_PORT"])
DATABASE = os.environ.get("PGVEIL_DATABASE", "bank")
PASSWORD = os.environ.get("PGVEIL_PASSWORD") or None


def customer(number: int) -> dict:
    """A customer that differs from every other number's in each unique column."""
    return {
        "id": 9_000_000 + number,
        "name": "欧阳建国",
        "id_number": f"11010519{number:09d}X",
        "phone": f"139{number:08d}",
        "email": f"driver{number}@example.com",
        "birth_date": datetime.date(1949, 12, 31),
        "credit_limit": decimal.Decimal("12345.60"),
        "notes": "第一行\nsecond line\t'quoted'",
        "branch_id": 1,
    }


# Against PostgreSQL itself, to show that the tests expect what it does.
UNMASKED = os.environ.get("PGVEIL_UNMASKED") == "1"


def masked_phone(phone: str) -> str:
    if UNMASKED:
        return phone
    return phone[:3] + "*" * (len(phone) - 7) + phone[-4:]


COLUMNS = list(customer(0))


def check(what: str, found, expected) -> None:
    if found != expected:
        raise SystemExit(f"{what}: found {found!r}, expected {expected!r}")
    print("ok", what)
