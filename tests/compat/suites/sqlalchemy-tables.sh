# SQLAlchemy's tests that store and find rows: here with columns of their tables sealed, too. In the copy that is run a table
# that is made in many shapes bears its column's type in its name, and tables are made outside of the test's own transaction.
. "$here/suites/sqlalchemy.sh"
classes="AutocommitIsolationTest BinaryTest BooleanTest CTETest CastTypeDecoratorTest CompoundSelectTest DateHistoricTest DateTest DateTime \
  DifficultParametersTest EscapingTest ExceptionTest ExecuteMany Executemany ExistsTest ExpandingBoundInTest FetchLimitOffsetTest \
  InsertBehaviorTest InsertTest IntegerTest IsOrIsNotDistinctFromTest JSONBRoundTripTest JSONBSuiteTest JSONQueryTest JoinTest LastrowidTest \
  NameDenormalizeTest NumericTest OnConflictTest OrderByLabelTest PGInsertManyValuesTest PercentSchemaNamesTest \
  PostCompileParamsTest ReturningGuardsTest ReturningTest RowCountTest RowFetchTest SameNamedSchemaTableTest SequenceTest \
  ServerSideCursorsTest SimpleUpdateDeleteTest StringTest TableViaSelectTest TextTest TimestampTest TimestampMicro TimezoneTest UUIDTest \
  UnicodeSchemaTest UnicodeVarcharTest UuidTest WindowFunctionTest"
suite_prepare() {
  sdist sqlalchemy 2.1.9 && packages venv sqlalchemy==2.1.9 greenlet 'psycopg[binary]==3.3.9' asyncpg==0.32.0 'pytest<9' || return
  [[ -e .shaped ]] && return
  cat >>lib/sqlalchemy/testing/config.py <<'PY'


def named(name, type_):
    """The table's name with what PostgreSQL calls its column's type."""
    import re
    from ..sql.sqltypes import to_instance

    return re.sub(r"\W+", "_", f"{name} {to_instance(type_).compile(db.dialect)}".lower().replace("[]", " array")).strip("_")
PY
  # It asks pg_stat_activity, which holds the statements of others, for what could stand in the way
  sed -i '/^def prepare_for_drop_tables/a\    return' lib/sqlalchemy/dialects/postgresql/provision.py
  cd lib/sqlalchemy/testing/suite && sed -i -E \
    -e 's/Table\("t", metadata, Column\("x", type_\)\)/Table(config.named("t", type_), metadata, Column("x", type_))/' \
    -e 's/^( +)"(date_table|unicode_table)",/\1config.named("\2", cls.datatype),/' -e 's/^( +)"(f_t|d_t)",/\1config.named("\2", type_),/' \
    -e 's/self\.tables\.(date_table|unicode_table)/self.tables[config.named("\1", self.datatype)]/' \
    -e 's/\.create\(connection\)/.create(config.db)/; s/create_all\(connection\)/create_all(config.db)/' \
    test_{dialect,insert,results,rowcount,select,sequence,types,update_delete}.py &&
    sed -i 's/^from \.\. import fixtures$/from .. import config\n&/' test_{insert,results,rowcount}.py && cd "$WORK" &&
    sed -i -E \
      -e 's/Table\("utable",/Table(testing.config.named("utable", datatype),/; s/^( +)"d_t",/\1testing.config.named("d_t", type_),/; s/( +)utable\.create\(connection\)/\1utable.drop(testing.db, checkfirst=True)\n&/' \
      -e 's/\.create\(connection\)/.create(testing.db)/; s/create_all\(connection\)/create_all(testing.db)/' \
      test/dialect/postgresql/test_{dialect,on_conflict,query,types}.py && touch .shaped
}
suite_run() {
  local driver
  for driver in psycopg asyncpg; do
    # shellcheck disable=SC2086
    timeout 900 venv/bin/python -m pytest -q -p no:cacheprovider -o addopts= --tb native -p no:logging --strict-markers -m backend \
      -k "not (Range or Array or typed or test_index_cross_casts) and ($(printf 'or %s ' $classes | cut -c4-))" --junitxml="$driver.xml" \
      --dburi "postgresql+$driver://$PGUSER@$PGHOST:$PGPORT/$PGDATABASE" \
      test/dialect/postgresql/test_{dialect,on_conflict,query,types}.py test/dialect/test_suite.py
    from_junit "$driver.xml" "$driver.tsv"
  done
  cat psycopg.tsv asyncpg.tsv >"$1"
}
