# libpqxx' tests with lasting tables in the place of those that they make in the transaction that uses them: here with columns of
# them sealed, too.
. "$here/suites/libpqxx.sh"
eval "$(declare -f suite_prepare | sed '1s/suite_prepare/prepare_all/')"
suite_prepare() {
  debian_source libpqxx && [[ -e .lasting ]] ||
    { find run/test -name '*.[ch]xx' -exec perl -0pi -e 's/"CREATE TEMP TABLE (pqxxevents|stream_\w+_test|pqxxbin|pqxxfoo) ?\([^;]*?(?=\);)/"DELETE FROM $1"/g;
      s/"CREATE TEMP TABLE " \+ Table \+ [^;]*(?=\);)/"DELETE FROM " + Table/g' {} + && touch .lasting; }
  prepare_all
}
suite_setup() {
  cat <<'SQL'
CREATE TABLE pqxxevents (year integer, event varchar);
CREATE TABLE pqxxbin (binfield bytea);
CREATE TABLE test088 (no integer, text varchar);
CREATE TABLE pqxxfoo (x varchar, y integer, z integer);
CREATE TABLE stream_to_test (number0 int NOT NULL, ts1 timestamp, number2 int, addr3 inet, txt4 text, bin5 bytea NOT NULL);
CREATE TABLE stream_from_test (LIKE stream_to_test);
SQL
}
