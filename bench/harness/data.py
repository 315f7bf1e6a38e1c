"""What the benchmark's two databases hold, and the policy over `bench`. `twin` has the same rows in clear."""
import subprocess

from contenders import HOST, Failed

PEOPLE = {"phone": ("varchar(20)", True, "phone-3-4"), "id_number": ("char(18)", True, "id-6-4"), "email": ("varchar(120)", True, "email-3"),
          "birth_date": ("date", False, "birth-year"), "balance": ("numeric(14,2)", False, "amount-bucket:1000")}
COLUMNS = ", ".join(["id", *PEOPLE])
WIDE = {"w0": 0, "w1": 1, "w5": 5, "w20": 20}
#: Tables of the shape of PEOPLE, and the algorithm that their policy names
SEALED = {"people": "aes-256-gcm", "people_sm4": "sm4-gcm", "stream": "aes-256-gcm", "stream_in": "aes-256-gcm"}


def rows(count):
    """In clear, and made by the server: a phone number is 13800000000 + id."""
    return f"""SELECT i, '138' || lpad(i::text, 8, '0'), lpad((i * 7)::text, 18, '1'), 'customer' || i || '@example.com',
        date '1950-01-01' + (i % 20000)::int, (i % 1000000)::numeric / 100 FROM generate_series(1, {count}) AS i"""


def plain(name):
    return f"CREATE TABLE {name} (id bigint PRIMARY KEY, {', '.join(f'{column} {kind}' for column, (kind, _, _) in PEOPLE.items())});"


def sealed(name):
    columns = [f"{column} text CHECK (left({column}, 5) = '{'~pv1:' if searched else '~pv0:'}')" for column, (_, searched, _) in PEOPLE.items()]
    return f"CREATE TABLE {name} (id bigint PRIMARY KEY, {', '.join(columns)});"


def policy(extra_columns=0):
    """`extra_columns`: so many more sealed columns, in tables of twenty that `extra_tables` makes."""
    lines, number = ["database: bench", "domains: {bench: {}}", "tables:"], 0

    def column(name, seal, mask="fixed"):
        nonlocal number
        number += 1
        lines.append(f"      {name}: {{mask: '{mask}', seal: {{id: {number}, {seal}}}}}")

    for table, algorithm in SEALED.items():
        lines.extend([f"  public.{table}:", "    columns:", "      id: {open: true}"])
        for name, (kind, searched, mask) in PEOPLE.items():
            column(name, f"algorithm: {algorithm}, type: '{kind}'{', search: [equality]' if searched else ''}", mask)
    for table, count in WIDE.items():
        if count:
            lines.extend([f"  public.{table}:", "    columns:", "      id: {open: true}"])
            lines.extend(f"      c{at}: {{open: true}}" for at in range(count, 20))
            for at in range(count):
                column(f"c{at}", "domain: bench, type: text")
    for at in range(extra_columns):
        if at % 20 == 0:
            lines.extend([f"  public.extra{at // 20}:", "    columns:"])
        column(f"c{at % 20}", "domain: bench, type: text")
    lines.append("""roles:
  - name: app
    members: {users: [app]}
    all_tables: clear
  - name: teller
    members: {users: [teller]}
    look_ups: {per_minute: 1000000000, per_day: 1000000000}
    grants:
      public.people: {columns: {phone: {show: mask, look_up: true}}}
""")
    return "\n".join(lines)


def extra_tables(count):
    columns = ", ".join(f"c{at} text" for at in range(20))
    return "".join(f"CREATE TABLE IF NOT EXISTS extra{at} ({columns});" for at in range(count))


def copy(bench, source, target):
    """From one `(contender, database, command)` to another, through the client side of both."""
    def psql(contender, database, command):
        return ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", HOST, "-p", str(contender.port), "-U", "app", "-d", database, "-c", command]
    reading = subprocess.Popen(psql(*source), stdout=subprocess.PIPE)
    writing = subprocess.run(psql(*target), stdin=reading.stdout, capture_output=True, text=True, check=False)
    if writing.returncode or reading.wait():
        raise Failed(f"{target[2]}: {writing.stderr.strip()}")


def create(bench, people):
    server = bench.server
    server.sql("postgres", "CREATE ROLE app LOGIN; CREATE ROLE teller LOGIN;\n", user="postgres")
    for database in ("bench", "twin"):
        server.sql("postgres", f"CREATE DATABASE {database} OWNER app\n", user="postgres")
    tables = [*SEALED, "open_rows", "open_in"]
    server.sql("twin", "".join(map(plain, tables)))
    server.sql("bench", "".join(map(sealed, SEALED)) + plain("open_rows") + plain("open_in"))
    wide = ", ".join(f"c{at} text" for at in range(20))
    for database in ("bench", "twin"):
        server.sql(database, "".join(f"CREATE TABLE {table} (id bigint PRIMARY KEY, {wide});" for table in WIDE))
    server.sql("twin", f"INSERT INTO people {rows(people)}; INSERT INTO people_sm4 SELECT * FROM people;"
               "CREATE INDEX ON people (phone); CREATE INDEX ON people_sm4 (phone);"
               + "".join(f"INSERT INTO {table} SELECT i, {', '.join(['lpad(i::text, 16, $$x$$)'] * 20)} FROM generate_series(1, 1000) i;"
                         for table in WIDE))
    server.sql("bench", "GRANT SELECT ON people TO teller")
    bench_tables(bench)


def bench_tables(bench):
    """The sealed copies of what `twin` holds, loaded the way an application would."""
    pgveil = bench.pgveil(policy(), name="loader")
    try:
        for table in ("people", "people_sm4", *WIDE):
            copy(bench, (bench.direct, "twin", f"COPY {table} TO STDOUT"), (pgveil, "bench", f"COPY {table} FROM STDIN"))
    finally:
        pgveil.stop()
    bench.server.sql("bench", "CREATE INDEX ON people (left(phone, 27)); CREATE INDEX ON people_sm4 (left(phone, 27));")
    bench.server.sql("bench", "VACUUM ANALYZE")
    bench.server.sql("twin", "VACUUM ANALYZE")


def pgbench_tables(bench, scale):
    run = ["pgbench", "-q", "-i", "-s", str(scale), "-h", HOST, "-p", str(bench.server.port), "-U", "app", "bench"]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"pgbench -i: {done.stderr}")


def stream_tables(bench, count):
    """The large tables, made once for as many rows as are asked for."""
    if bench.server.sql("bench", "SELECT count(*) FROM open_rows").strip() == str(count):
        return
    bench.server.sql("bench", f"TRUNCATE open_rows, stream; INSERT INTO open_rows {rows(count)}; VACUUM ANALYZE open_rows;".replace("; ", ";\n"))
    pgveil = bench.pgveil(policy(), name="loader")
    try:
        copy(bench, (bench.direct, "bench", "COPY open_rows TO STDOUT"), (pgveil, "bench", "COPY stream FROM STDIN"))
    finally:
        pgveil.stop()
    bench.server.sql("bench", "VACUUM ANALYZE stream\n")
