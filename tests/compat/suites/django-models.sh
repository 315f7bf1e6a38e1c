# The tests of Django's models: here with columns of their tables sealed, too.
. "$here/suites/django.sh"
apps="aggregation basic bulk_create custom_pk dates datetimes db_functions delete expressions expressions_window get_or_create \
  lookup many_to_one ordering queries raw_query select_for_update transactions update"
runs() {
  # shellcheck disable=SC2086
  (cd tests && timeout 3000 ../venv/bin/python runtests.py --settings=compat_settings --keepdb --noinput --parallel=1 -v 2 "$@" $apps)
}
# One test is enough to have all tables made.
suite_tables() { runs -k test_multiple_objects_max_num_fetched; }
suite_run() {
  runs >unittest.log 2>&1
  tail -n 40 unittest.log
  "$here/compare.py" --unittest unittest.log >"$1"
}
