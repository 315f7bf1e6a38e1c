suite_version() { echo node-postgres 8.23, pg-query-stream 4.17, postgres 3.4, knex 3.3, TypeORM 1.1; }
suite_prepare() { mkdir -p harness && cp "$here"/bank/node/* harness && cd harness && npm install --silent --no-audit --no-fund; }
suite_setup() { bank; }
suite_sealed() { true; }
suite_run() { PGSSLMODE=disable timeout 600 node harness/harness.js "$1"; }
