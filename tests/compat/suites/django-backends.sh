# The tests of Django's backends and of its plain types of columns: here with columns of their tables sealed, too.
. "$here/suites/django-models.sh"
apps="backends datatypes transaction_hooks"
suite_tables() { runs -k test_bad_parameter_count; }
