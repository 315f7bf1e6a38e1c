import java.io.StringReader;
import java.io.StringWriter;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTimeoutException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.postgresql.PGConnection;
import org.postgresql.util.PSQLException;

/** The driver itself: how statements are sent, in parts, in batches, and how they fail. */
final class Driver {
    private static final String BY_PHONE = "SELECT * FROM customers WHERE phone = ?";

    static void checks() {
        String[][] ways = {
            {}, {"prepareThreshold", "1"}, {"prepareThreshold", "-1"}, {"prepareThreshold", "0"}, {"preferQueryMode", "simple"},
            {"preferQueryMode", "extendedForPrepared"}, {"preferQueryMode", "extendedCacheEverything"}, {"binaryTransfer", "false"},
            {"stringtype", "unspecified"}, {"autosave", "always"}, {"autosave", "conservative"}, {"defaultRowFetchSize", "3"},
            {"reWriteBatchedInserts", "true"}, {"prepareThreshold", "1", "preparedStatementCacheQueries", "0"}, {"assumeMinServerVersion", "15", "ApplicationName", "柜台"},
            {"tcpKeepAlive", "true", "options", "-c search_path=public -c statement_timeout=60000"}, {"currentSchema", "public"}, {"readOnly", "false", "sslmode", "prefer"},
            {"gssEncMode", "prefer"}, {"adaptiveFetch", "true", "defaultRowFetchSize", "3", "maxResultBuffer", "10p"}, {"hideUnprivilegedObjects", "true"}, {"groupStartupParameters", "true"},
        };
        for (var way : ways) {
            Harness.check("driver: ten times the same statement " + Arrays.toString(way), () -> tenTimes(way));
            Harness.check("driver: a batch of fifty " + Arrays.toString(way), () -> batch(way));
            Harness.check("driver: an error and on in the transaction " + Arrays.toString(way), () -> error(way));
        }
        Harness.check("driver: generated keys", Driver::generatedKeys);
        Harness.check("driver: generated keys by name", Driver::generatedKeysByName);
        Harness.check("driver: generated keys of a batch", () -> generatedKeysOfABatch("false"));
        Harness.check("driver: generated keys of a rewritten batch", () -> generatedKeysOfABatch("true"));
        Harness.check("driver: a batch with a duplicate", Driver::batchWithADuplicate);
        Harness.check("driver: a batch of different statements", Driver::mixedBatch);
        Harness.check("driver: rows in parts, and another statement between", Driver::parts);
        Harness.check("driver: two results open at once", Driver::twoPortals);
        Harness.check("driver: a result held over commit", Driver::heldOverCommit);
        Harness.check("driver: savepoints", Driver::savepoints);
        Harness.check("driver: several statements in one text", Driver::severalStatements);
        Harness.check("driver: a result that is updated", Driver::updatable);
        Harness.check("driver: a result that is scrolled", Driver::scrollable);
        Harness.check("driver: a query that takes too long", Driver::timeout);
        Harness.check("driver: a query that is cancelled", Driver::cancel);
        Harness.check("driver: notifications", Driver::notifications);
        Harness.check("driver: COPY out and in", Driver::copy);
        Harness.check("driver: a function's result and notice", Driver::function);
        Harness.check("driver: a function's error", Driver::functionError);
        Harness.check("driver: large objects", Driver::largeObjects);
        Harness.check("driver: the error of a duplicate", Driver::duplicate);
        Harness.check("driver: upsert by a unique column", Driver::upsert);
        Harness.check("driver: a row that another holds", Driver::rowLock);
        Harness.check("driver: serializable and read only", Driver::isolation);
        Harness.check("driver: changed table under a prepared statement", Driver::changedTable);
        Harness.check("driver: a temporary table from customers", Driver::temporaryTable);
        Harness.check("driver: advisory locks, settings and DISCARD", Driver::sessionState);
        Harness.check("driver: a statement closed early and a row limit", Driver::rowLimit);
    }

    private static void tenTimes(String[] way) throws SQLException {
        try (var app = Bank.connect("app", way)) {
            var customer = Bank.Customer.fresh();
            Bank.insert(app, customer);
            for (var query : List.of(BY_PHONE, "SELECT * FROM customers WHERE id_card = ? AND branch_id = 1 ORDER BY id")) {
                try (var select = app.prepareStatement(query)) {
                    for (int i = 0; i < 10; i++) {
                        select.setString(1, query.equals(BY_PHONE) ? customer.phone() : customer.idCard());
                        try (var row = select.executeQuery()) {
                            Harness.same("found", row.next(), true);
                            customer.expect(row);
                            Harness.same("the type of a date", row.getMetaData().getColumnTypeName(6), "date");
                            Harness.same("no other", row.next(), false);
                        }
                    }
                }
            }
        }
    }

    private static List<Bank.Customer> inserted(Connection app, int count) throws SQLException {
        var customers = new ArrayList<Bank.Customer>();
        try (var insert = app.prepareStatement(Bank.INSERT)) {
            for (int i = 0; i < count; i++) {
                customers.add(Bank.Customer.fresh());
                customers.get(i).bind(insert);
                insert.addBatch();
            }
            Harness.same("counts", insert.executeBatch().length, count);
        }
        return customers;
    }

    private static void batch(String[] way) throws SQLException {
        try (var app = Bank.connect("app", way); var select = app.prepareStatement(BY_PHONE)) {
            for (var customer : inserted(app, 50)) {
                select.setString(1, customer.phone());
                try (var row = select.executeQuery()) {
                    Harness.same("found", row.next(), true);
                    customer.expect(row);
                }
            }
        }
    }

    private static void error(String[] way) throws Exception {
        var saves = Arrays.asList(way).contains("always");
        try (var app = Bank.connect("app", way)) {
            app.setAutoCommit(false);
            long id = Bank.insert(app, Bank.Customer.fresh());
            Harness.same("the error", Bank.refused(() -> Bank.number(app, "SELECT 1 / ?", 0)), "22012");
            Harness.same("then", Bank.refused(() -> Bank.number(app, "SELECT id FROM customers WHERE id = ?", id)), saves ? "none" : "25P02");
            app.rollback();
            Harness.same("undone", Bank.number(app, "SELECT count(*) FROM customers WHERE id = ?", id), 0L);
        }
    }

    private static void generatedKeys() throws SQLException {
        var customer = Bank.Customer.fresh();
        try (var app = Bank.connect("app"); var insert = app.prepareStatement(Bank.INSERT, Statement.RETURN_GENERATED_KEYS)) {
            customer.bind(insert);
            Harness.same("one row", insert.executeUpdate(), 1);
            try (var keys = insert.getGeneratedKeys()) {
                Harness.same("a row", keys.next(), true);
                customer.expect(keys);
                Harness.same("the id", Bank.number(app, "SELECT id FROM customers WHERE phone = ?", customer.phone()), keys.getLong("id"));
            }
        }
    }

    private static void generatedKeysByName() throws SQLException {
        var customer = Bank.Customer.fresh();
        try (var app = Bank.connect("app"); var insert = app.prepareStatement(Bank.INSERT, new String[] {"id", "id_card"})) {
            customer.bind(insert);
            insert.executeUpdate();
            try (var keys = insert.getGeneratedKeys()) {
                Harness.same("a row", keys.next(), true);
                Harness.same("columns", keys.getMetaData().getColumnCount(), 2);
                Harness.same("the card", keys.getString(2), customer.idCard());
            }
        }
    }

    private static void generatedKeysOfABatch(String rewritten) throws SQLException {
        try (var app = Bank.connect("app", "reWriteBatchedInserts", rewritten); var insert = app.prepareStatement(Bank.INSERT, new String[] {"id"})) {
            for (int i = 0; i < 20; i++) {
                Bank.Customer.fresh().bind(insert);
                insert.addBatch();
            }
            insert.executeBatch();
            int rows = 0;
            try (var keys = insert.getGeneratedKeys()) {
                for (; keys.next(); rows++) {
                    Harness.same("an id", keys.getLong(1) > 0, true);
                }
            }
            Harness.same("keys", rows, 20);
        }
    }

    private static void batchWithADuplicate() throws SQLException {
        try (var app = Bank.connect("app"); var insert = app.prepareStatement(Bank.INSERT)) {
            var first = Bank.Customer.fresh();
            for (var customer : List.of(first, Bank.Customer.fresh(), first, Bank.Customer.fresh())) {
                customer.bind(insert);
                insert.addBatch();
            }
            try {
                insert.executeBatch();
                throw new AssertionError("a duplicate was taken");
            } catch (BatchUpdateException failure) {
                Harness.same("state", failure.getSQLState(), "23505");
                Harness.same("counts", failure.getUpdateCounts().length, 4);
            }
            Harness.same("none is there", Bank.number(app, "SELECT count(*) FROM customers WHERE phone = ?", first.phone()), 0L);
        }
    }

    private static void mixedBatch() throws SQLException {
        try (var app = Bank.connect("app"); var statement = app.createStatement()) {
            var customer = Bank.Customer.fresh();
            statement.addBatch("INSERT INTO customers (name, id_card, phone) VALUES ('王芳', '%s', '%s')".formatted(customer.idCard(), customer.phone()));
            statement.addBatch("UPDATE customers SET notes = 'it''s \"new\"' WHERE phone = '%s'".formatted(customer.phone()));
            statement.addBatch("DELETE FROM customers WHERE id_card = '%s'".formatted(customer.idCard()));
            Harness.same("counts", Arrays.toString(statement.executeBatch()), "[1, 1, 1]");
        }
    }

    private static void parts() throws SQLException {
        try (var app = Bank.connect("app")) {
            app.setAutoCommit(false);
            var customers = inserted(app, 100);
            try (var select = app.prepareStatement("SELECT * FROM customers WHERE id >= ? ORDER BY id")) {
                select.setLong(1, Bank.number(app, "SELECT id FROM customers WHERE phone = ?", customers.get(0).phone()));
                select.setFetchSize(7);
                int rows = 0;
                try (var row = select.executeQuery()) {
                    for (; row.next(); rows++) {
                        customers.get(rows).expect(row);
                        if (rows % 10 == 0) {
                            Harness.same("another", Bank.text(app, "SELECT phone FROM customers WHERE id = ?", row.getLong("id")), customers.get(rows).phone());
                        }
                    }
                }
                Harness.same("rows", rows, 100);
            }
            app.rollback();
        }
    }

    private static void twoPortals() throws SQLException {
        try (var app = Bank.connect("app")) {
            app.setAutoCommit(false);
            var customers = inserted(app, 20);
            long first = Bank.number(app, "SELECT id FROM customers WHERE phone = ?", customers.get(0).phone());
            try (var up = app.prepareStatement("SELECT phone FROM customers WHERE id >= ? ORDER BY id");
                var down = app.prepareStatement("SELECT name, phone FROM customers WHERE id >= ? ORDER BY id DESC")) {
                for (var select : List.of(up, down)) {
                    select.setLong(1, first);
                    select.setFetchSize(3);
                }
                try (var rising = up.executeQuery(); var falling = down.executeQuery()) {
                    for (int i = 0; i < 20; i++) {
                        Harness.same("both", rising.next() && falling.next(), true);
                        Harness.same("rising", rising.getString(1), customers.get(i).phone());
                        Harness.same("falling", falling.getString(2), customers.get(19 - i).phone());
                    }
                }
            }
            app.rollback();
        }
    }

    private static void heldOverCommit() throws SQLException {
        try (var app = Bank.connect("app")) {
            var customers = inserted(app, 10);
            app.setAutoCommit(false);
            long first = Bank.number(app, "SELECT id FROM customers WHERE phone = ?", customers.get(0).phone());
            try (var statement = app.createStatement()) {
                statement.execute("DECLARE held CURSOR WITH HOLD FOR SELECT phone FROM customers WHERE id >= " + first + " ORDER BY id LIMIT 10");
                app.commit();
                try (var row = statement.executeQuery("FETCH FORWARD 4 FROM held")) {
                    for (int i = 0; row.next(); i++) {
                        Harness.same("held", row.getString(1), customers.get(i).phone());
                    }
                }
                statement.execute("CLOSE held");
            }
            app.commit();
        }
    }

    private static void savepoints() throws Exception {
        try (var app = Bank.connect("app")) {
            app.setAutoCommit(false);
            var kept = Bank.Customer.fresh();
            Bank.insert(app, kept);
            var before = app.setSavepoint("before \"it\"");
            Harness.same("a duplicate", Bank.refused(() -> Bank.insert(app, kept)), "23505");
            app.rollback(before);
            var unnamed = app.setSavepoint();
            Bank.insert(app, Bank.Customer.fresh());
            app.rollback(unnamed);
            app.releaseSavepoint(unnamed);
            app.commit();
            Harness.same("kept", Bank.number(app, "SELECT count(*) FROM customers WHERE phone = ?", kept.phone()), 1L);
            app.rollback();
        }
    }

    private static void severalStatements() throws SQLException {
        var customer = Bank.Customer.fresh();
        try (var app = Bank.connect("app"); var statement = app.createStatement()) {
            Bank.insert(app, customer);
            var result = statement.execute("UPDATE customers SET version = 1 WHERE phone = '%1$s'; SELECT name, phone FROM customers WHERE phone = '%1$s'; SELECT 1"
                .formatted(customer.phone()));
            Harness.same("first is a count", result, false);
            Harness.same("of one", statement.getUpdateCount(), 1);
            Harness.same("second are rows", statement.getMoreResults(), true);
            try (var row = statement.getResultSet()) {
                Harness.same("a row", row.next(), true);
                Harness.same("the phone", row.getString("phone"), customer.phone());
            }
            try (var select = app.prepareStatement("SELECT phone FROM customers WHERE phone = ?; SELECT name FROM customers WHERE id_card = ?")) {
                select.setString(1, customer.phone());
                select.setString(2, customer.idCard());
                Harness.same("rows", select.execute(), true);
                Harness.same("and more", select.getMoreResults(), true);
                try (var row = select.getResultSet()) {
                    Harness.same("the name", row.next() ? row.getString(1) : null, customer.name());
                }
            }
        }
    }

    private static void updatable() throws SQLException {
        var customer = Bank.Customer.fresh();
        var other = Bank.Customer.fresh();
        try (var app = Bank.connect("app")) {
            long id = Bank.insert(app, customer);
            try (var select = app.prepareStatement("SELECT id, name, id_card, phone, branch_id, version FROM customers WHERE id = ?", ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE)) {
                select.setLong(1, id);
                try (var row = select.executeQuery()) {
                    Harness.same("a row", row.next(), true);
                    row.updateString("phone", other.phone());
                    row.updateRow();
                    Harness.same("in the result", row.getString("phone"), other.phone());
                    row.moveToInsertRow();
                    row.updateLong("id", -id);
                    row.updateString("name", "王芳");
                    row.updateString("id_card", other.idCard());
                    row.updateInt("branch_id", 2);
                    row.updateInt("version", 0);
                    row.insertRow();
                    row.moveToCurrentRow();
                    row.refreshRow();
                    Harness.same("read again", row.getString("phone"), other.phone());
                    row.deleteRow();
                }
            }
            Harness.same("deleted", Bank.number(app, "SELECT count(*) FROM customers WHERE id = ?", id), 0L);
            Harness.same("inserted", Bank.text(app, "SELECT name FROM customers WHERE id_card = ?", other.idCard()), "王芳");
        }
    }

    private static void scrollable() throws SQLException {
        try (var app = Bank.connect("app")) {
            var customers = inserted(app, 10);
            try (var select = app.prepareStatement("SELECT phone FROM customers ORDER BY id DESC LIMIT 10", ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY);
                var row = select.executeQuery()) {
                Harness.same("last", row.last() ? row.getString(1) : null, customers.get(0).phone());
                Harness.same("third", row.absolute(3) ? row.getString(1) : null, customers.get(7).phone());
                Harness.same("back", row.previous() ? row.getString(1) : null, customers.get(8).phone());
            }
        }
    }

    private static void timeout() throws SQLException {
        try (var app = Bank.connect("app"); var statement = app.createStatement()) {
            statement.setQueryTimeout(1);
            try {
                statement.execute("SELECT pg_sleep(20)");
                throw new AssertionError("not ended");
            } catch (SQLTimeoutException | PSQLException failure) {
                Harness.same("state", failure.getSQLState(), "57014");
            }
            Harness.same("goes on", Bank.number(app, "SELECT 1"), 1L);
        }
    }

    private static void cancel() throws Exception {
        try (var app = Bank.connect("app"); var statement = app.createStatement()) {
            var killer = new Thread(() -> {
                try {
                    Thread.sleep(500);
                    statement.cancel();
                } catch (Exception failure) {
                    failure.printStackTrace();
                }
            });
            killer.start();
            Harness.same("state", Bank.refused(() -> statement.execute("SELECT count(c.phone), pg_sleep(20) FROM customers c")), "57014");
            killer.join();
        }
    }

    private static void notifications() throws SQLException {
        try (var app = Bank.connect("app"); var other = Bank.connect("app"); var listen = app.createStatement(); var notify = other.createStatement()) {
            listen.execute("LISTEN branch_1");
            notify.execute("NOTIFY branch_1, '开门'");
            var got = app.unwrap(PGConnection.class).getNotifications(5000);
            Harness.same("payload", got[0].getParameter(), "开门");
            Harness.same("from", got[0].getPID(), other.unwrap(PGConnection.class).getBackendPID());
        }
    }

    private static void copy() throws Exception {
        try (var app = Bank.connect("app")) {
            var copying = app.unwrap(PGConnection.class).getCopyAPI();
            var customer = Bank.Customer.fresh();
            var line = String.join(",", customer.name(), customer.idCard(), customer.phone(), "1949-12-31", "12345.60", "\"" + customer.notes() + "\"") + "\n";
            Harness.same("rows in", copying.copyIn("COPY customers (name, id_card, phone, birth_date, credit_limit, notes) FROM STDIN (FORMAT csv)", new StringReader(line)), 1L);
            var out = new StringWriter();
            copying.copyOut("COPY (SELECT name, id_card, phone, birth_date, credit_limit, notes FROM customers WHERE phone = '%s') TO STDOUT (FORMAT csv)".formatted(customer.phone()), out);
            Harness.same("rows out", out.toString(), line);
        }
    }

    private static void function() throws SQLException {
        try (var app = Bank.connect("app")) {
            long payer = Bank.account(app, "100.00");
            long payee = Bank.account(app, "0.00");
            try (var call = app.prepareCall("{? = call transfer(?, ?, ?)}")) {
                call.registerOutParameter(1, java.sql.Types.NUMERIC);
                call.setLong(2, payer);
                call.setLong(3, payee);
                call.setBigDecimal(4, new java.math.BigDecimal("40.50"));
                call.execute();
                Harness.same("the rest", call.getBigDecimal(1), new java.math.BigDecimal("59.50"));
                Harness.same("the notice", call.getWarnings().getMessage(), "moved 40.50");
            }
        }
    }

    private static void functionError() throws SQLException {
        try (var app = Bank.connect("app")) {
            long payer = Bank.account(app, "1.00");
            try {
                Bank.number(app, "SELECT transfer(?, ?, 5)", payer, payer);
                throw new AssertionError("taken");
            } catch (PSQLException failure) {
                Harness.same("state", failure.getSQLState(), "P0001");
                Harness.same("message", failure.getServerErrorMessage().getMessage(), "account " + payer + " is short of 4.00");
                Harness.same("where", failure.getServerErrorMessage().getWhere(), "PL/pgSQL function transfer(bigint,bigint,numeric) line 7 at RAISE");
            }
        }
    }

    private static void largeObjects() throws SQLException {
        try (var app = Bank.connect("app")) {
            app.setAutoCommit(false);
            var objects = app.unwrap(PGConnection.class).getLargeObjectAPI();
            long oid = objects.createLO();
            try (var object = objects.open(oid)) {
                object.write(new byte[] {1, 2, 3});
                object.seek(1);
                Harness.same("read", object.read(2), new byte[] {2, 3});
            }
            objects.delete(oid);
            app.commit();
        }
    }

    private static void duplicate() throws SQLException {
        try (var app = Bank.connect("app")) {
            var customer = Bank.Customer.fresh();
            Bank.insert(app, customer);
            try {
                Bank.insert(app, customer);
                throw new AssertionError("taken");
            } catch (PSQLException failure) {
                var error = failure.getServerErrorMessage();
                Harness.same("state", error.getSQLState(), "23505");
                Harness.same("constraint", error.getConstraint(), "customers_id_card_key");
                Harness.same("table", error.getTable(), "customers");
                Harness.same("message", error.getMessage(), "duplicate key value violates unique constraint \"customers_id_card_key\"");
            }
        }
    }

    private static void upsert() throws SQLException {
        var customer = Bank.Customer.fresh();
        try (var app = Bank.connect("app"); var upsert = app.prepareStatement(
            Bank.INSERT + " ON CONFLICT (id_card) DO UPDATE SET phone = EXCLUDED.phone, version = customers.version + 1 RETURNING id, version, phone")) {
            for (int i = 0; i < 7; i++) {
                customer.bind(upsert);
                upsert.setString(3, "1380000000" + i);
                try (var row = upsert.executeQuery()) {
                    Harness.same("a row", row.next(), true);
                    Harness.same("version", row.getInt(2), i);
                    Harness.same("phone", row.getString(3), "1380000000" + i);
                }
            }
        }
    }

    private static void rowLock() throws Exception {
        try (var app = Bank.connect("app"); var other = Bank.connect("app")) {
            var customer = Bank.Customer.fresh();
            Bank.insert(app, customer);
            app.setAutoCommit(false);
            other.setAutoCommit(false);
            Bank.number(app, "SELECT id FROM customers WHERE phone = ? FOR UPDATE", customer.phone());
            Harness.same("held", Bank.refused(() -> Bank.number(other, "SELECT id FROM customers WHERE phone = ? FOR UPDATE NOWAIT", customer.phone())), "55P03");
            other.rollback();
            Harness.same("skipped", Bank.text(other, "SELECT id FROM customers WHERE phone = ? FOR UPDATE SKIP LOCKED", customer.phone()), null);
            app.rollback();
            other.rollback();
        }
    }

    private static void isolation() throws Exception {
        try (var app = Bank.connect("app")) {
            app.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
            app.setReadOnly(true);
            app.setAutoCommit(false);
            Harness.same("isolation", Bank.text(app, "SHOW transaction_isolation"), "serializable");
            Harness.same("read only", Bank.refused(() -> Bank.insert(app, Bank.Customer.fresh())), "25006");
            app.rollback();
            app.setReadOnly(false);
            Bank.insert(app, Bank.Customer.fresh());
            app.rollback();
        }
    }

    private static void changedTable() throws SQLException {
        try (var app = Bank.connect("app"); var statement = app.createStatement()) {
            statement.execute("CREATE TABLE rates (id integer, rate numeric(6,4))");
            try (var select = app.prepareStatement("SELECT * FROM rates")) {
                for (int i = 0; i < 8; i++) {
                    select.executeQuery().close();
                }
                statement.execute("ALTER TABLE rates ADD COLUMN since date");
                try (var row = select.executeQuery()) {
                    Harness.same("columns", row.getMetaData().getColumnCount(), 3);
                }
            }
            statement.execute("DROP TABLE rates");
        }
    }

    private static void temporaryTable() throws SQLException {
        try (var app = Bank.connect("app"); var statement = app.createStatement()) {
            var customer = Bank.Customer.fresh();
            Bank.insert(app, customer);
            statement.execute("CREATE TEMPORARY TABLE chosen (id bigint PRIMARY KEY, rank integer)");
            statement.execute("INSERT INTO chosen SELECT id, 1 FROM customers WHERE phone = '" + customer.phone() + "'");
            Harness.same("joined", Bank.text(app, "SELECT c.phone FROM customers c JOIN chosen USING (id) WHERE rank = ?", 1), customer.phone());
            statement.execute("DROP TABLE chosen");
        }
    }

    private static void sessionState() throws SQLException {
        try (var app = Bank.connect("app"); var statement = app.createStatement()) {
            Harness.same("lock", Bank.text(app, "SELECT pg_try_advisory_lock(?)", 4711L), "t");
            statement.execute("SET lock_timeout = '3s'");
            Harness.same("set", Bank.text(app, "SHOW lock_timeout"), "3s");
            app.setClientInfo("ApplicationName", "夜间批处理");
            Harness.same("name", Bank.text(app, "SHOW application_name"), app.getClientInfo("ApplicationName"));
            statement.execute("DISCARD ALL");
            Harness.same("gone", Bank.text(app, "SHOW lock_timeout"), "0");
        }
    }

    private static void rowLimit() throws SQLException {
        try (var app = Bank.connect("app")) {
            inserted(app, 10);
            try (var select = app.prepareStatement("SELECT id, phone FROM customers ORDER BY id")) {
                for (int i = 0; i < 7; i++) {
                    select.setMaxRows(4);
                    int rows = 0;
                    try (var row = select.executeQuery()) {
                        for (; row.next(); rows++) {}
                    }
                    Harness.same("rows", rows, 4);
                    select.setMaxRows(0);
                    select.executeQuery().next();
                }
            }
        }
    }

    private Driver() {}
}
