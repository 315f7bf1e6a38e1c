# asyncpg's tests that make tables: here with columns of them sealed, too. In the copy that is run a table that is made in
# several shapes has a name for each, the one that is temporary lasts, and rows come after the text that makes their table.
# What test_transaction and test_cursor make they use in the same transaction only, so that it cannot be sealed.
. "$here/suites/asyncpg.sh"
suite_prepare() {
  sdist asyncpg 0.32.0 && packages venv asyncpg==0.32.0 'pytest<9' distro && rm -rf run && mkdir run && cp -r tests run/tests && cd run/tests || return
  # The names after which the shapes are called
  sed -i -E '625,650s/copytab/copytab_stamps/; 715,760s/copytab/copytab_bytes/; 808,840s/copytab/copytab_uuid/; /copytab\(a text, b text\)/,/DROP TABLE/s/copytab/copytab_two/
    s/CREATE TEMP TABLE copytab_bytes/DROP TABLE IF EXISTS copytab_bytes; CREATE TABLE copytab_bytes/' test_copy.py &&
    sed -i 's/exmany/exmany_pool/' test_pool.py && sed -i -E '/def test_numeric/,/def test_unhandled_type/s/\btab\b/tab_numeric/
      /def test_custom_codec_override_tuple/,/def test_custom_codec_composite_tuple/{
        s/CREATE TABLE tab \(v \{\}\)/CREATE TABLE tab_{0} (v {0})/; s/INSERT INTO tab VALUES \(\$1\)'"'"'/INSERT INTO tab_{} VALUES ($1)'"'"'.format(typename)/
        s/'"'"'SELECT tab\.v FROM tab'"'"'/"SELECT tab.v FROM tab_{} AS tab".format(typename)/; s/FROM tab'"'"'\.format\(val=val\)/FROM tab_{t} AS tab'"'"'.format(val=val, t=typename)/
        s/'"'"'DROP TABLE tab'"'"'/"DROP TABLE tab_" + typename/
      }
      s/^( +)CREATE TABLE tab_numeric .*;$/&'"''')\\n            await self.con.execute('''"'/
      /def test_(table_as_composite|enum)\(/,/def /s/^( +)INSERT INTO tab (\(a, b\) VALUES \('"'foo'"'|VALUES)/'"''')\\n        await self.con.execute('''"'&/' test_codecs.py
}
suite_run() {
  # Its pools are of this database
  cd run && PGDATABASE=postgres timeout 600 ../venv/bin/python -m pytest -q -p no:cacheprovider --junitxml=junit.xml \
    tests/test_{cache_invalidation,codecs,copy,execute,pool,prepare}.py
  from_junit junit.xml "$1"
}
