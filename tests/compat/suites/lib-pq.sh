suite_version() { echo lib/pq 1.12.3; }
suite_prepare() { go_module github.com/lib/pq v1.12.3; }
suite_databases() { echo pqgo; }
suite_hba() {
  echo 'host all pqgomd5 all md5'
  echo 'host all pqgopassword all password'
  echo 'host all pqgoscram all scram-sha-256'
}
suite_setup() {
  cat <<'SQL'
DROP ROLE IF EXISTS pqgo, pqgomd5, pqgopassword, pqgoscram;
CREATE ROLE pqgo LOGIN SUPERUSER;
CREATE ROLE pqgopassword LOGIN PASSWORD 'wordpass';
CREATE ROLE pqgoscram LOGIN PASSWORD 'wordpass';
SET password_encryption = md5;
CREATE ROLE pqgomd5 LOGIN PASSWORD 'wordpass';
SQL
}
suite_run() {
  export PGUSER=pqgo PGDATABASE=pqgo PGSSLMODE=disable
  cd run && go_tests "$1" -timeout 600s ./...
}
