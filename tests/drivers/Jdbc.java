import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Objects;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/** PostgreSQL's JDBC driver through the proxy: `java -cp postgresql.jar Jdbc.java simple|extended|prepared`. */
public final class Jdbc {
    private static final long FIRST_ID = 9_000_000;
    private static String mode;
    private static int first;

    public static void main(String[] arguments) throws Exception {
        mode = arguments[0];
        first = switch (mode) {
            case "simple" -> 4000;
            case "extended" -> 5000;
            case "prepared" -> 6000;
            default -> throw new IllegalArgumentException(mode);
        };
        try (Connection app = connect("app")) {
            clean(app);
            writeAndLookUp(app);
            update(app);
            batch(app);
            fetchInParts(app);
            duplicate(app);
            copy(app);
        }
        masked();
    }

    private static Connection connect(String user) throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", environment("PGVEIL_PASSWORD", ""));
        properties.setProperty("sslmode", "prefer");
        properties.setProperty("preferQueryMode", mode.equals("simple") ? "simple" : "extended");
        // From the first execution on: a named statement, with values in the binary format.
        properties.setProperty("prepareThreshold", mode.equals("prepared") ? "-1" : "5");
        var url = "jdbc:postgresql://%s:%s/%s".formatted(
            environment("PGVEIL_HOST", "127.0.0.1"), System.getenv("PGVEIL_PORT"), environment("PGVEIL_DATABASE", "bank"));
        return DriverManager.getConnection(url, properties);
    }

    private static String environment(String name, String otherwise) {
        var value = System.getenv(name);
        return value == null || value.isEmpty() ? otherwise : value;
    }

    private static String phone(int number) {
        return "139%08d".formatted(number);
    }

    private static void clean(Connection app) throws SQLException {
        try (var delete = app.prepareStatement("DELETE FROM customers WHERE id >= ? AND id < ?")) {
            delete.setLong(1, FIRST_ID + first);
            delete.setLong(2, FIRST_ID + first + 1000);
            delete.executeUpdate();
        }
    }

    private static void bind(PreparedStatement insert, int number) throws SQLException {
        insert.setLong(1, FIRST_ID + number);
        insert.setString(2, "欧阳建国");
        insert.setString(3, "11010519%09dX".formatted(number));
        insert.setString(4, phone(number));
        insert.setObject(5, Date.valueOf("1949-12-31"));
        insert.setBigDecimal(6, new BigDecimal("12345.60"));
    }

    private static final String INSERT =
        "INSERT INTO customers (id, name, id_number, phone, birth_date, credit_limit, branch_id) VALUES (?, ?, ?, ?, ?, ?, 1)";

    private static void writeAndLookUp(Connection app) throws SQLException {
        try (var insert = app.prepareStatement(INSERT)) {
            bind(insert, first);
            check("one row inserted", insert.executeUpdate(), 1);
        }
        try (var select = app.prepareStatement("SELECT id, phone, birth_date, credit_limit FROM customers WHERE phone = ?")) {
            for (int i = 0; i < 8; i++) { // past the prepare threshold: text, then binary
                select.setString(1, phone(first));
                try (ResultSet row = select.executeQuery()) {
                    check("found by phone", row.next(), true);
                    check("the number", row.getString("phone"), phone(first));
                    check("the date", row.getDate("birth_date"), Date.valueOf("1949-12-31"));
                    check("the amount", row.getBigDecimal("credit_limit"), new BigDecimal("12345.60"));
                    check("the date's type", row.getMetaData().getColumnTypeName(3), "date");
                    check("and no other row", row.next(), false);
                }
            }
        }
    }

    private static void update(Connection app) throws SQLException {
        app.setAutoCommit(false);
        try (var update = app.prepareStatement("UPDATE customers SET phone = ? WHERE phone = ?")) {
            update.setString(1, phone(first + 1));
            update.setString(2, phone(first));
            check("one row updated", update.executeUpdate(), 1);
        }
        check("the new number is found", count(app, phone(first + 1)), 1);
        app.rollback();
        app.setAutoCommit(true);
        check("a rollback brings the old one back", count(app, phone(first)), 1);
    }

    private static int count(Connection connection, String phone) throws SQLException {
        try (var select = connection.prepareStatement("SELECT count(*) FROM customers WHERE phone = ?")) {
            select.setString(1, phone);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getInt(1);
            }
        }
    }

    private static void batch(Connection app) throws SQLException {
        try (var insert = app.prepareStatement(INSERT)) {
            for (int i = 0; i < 40; i++) {
                bind(insert, first + 100 + i);
                insert.addBatch();
            }
            check("a batch of forty", insert.executeBatch().length, 40);
        }
        check("its last is found", count(app, phone(first + 139)), 1);
    }

    private static void fetchInParts(Connection app) throws SQLException {
        app.setAutoCommit(false);
        try (var select = app.prepareStatement("SELECT phone FROM customers WHERE id >= ? AND id < ? ORDER BY id")) {
            select.setFetchSize(7);
            select.setLong(1, FIRST_ID + first + 100);
            select.setLong(2, FIRST_ID + first + 140);
            int rows = 0;
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    check("row " + rows, row.getString(1), phone(first + 100 + rows));
                    rows++;
                }
            }
            check("forty rows in parts of seven", rows, 40);
        }
        app.commit();
        app.setAutoCommit(true);
    }

    private static void duplicate(Connection app) throws SQLException {
        try (var insert = app.prepareStatement(INSERT)) {
            bind(insert, first);
            insert.executeUpdate();
            throw new IllegalStateException("a duplicate was accepted");
        } catch (SQLException error) {
            check("a duplicate is a duplicate", error.getSQLState(), "23505");
        }
    }

    private static void copy(Connection app) throws Exception {
        CopyManager copies = app.unwrap(PGConnection.class).getCopyAPI();
        var row = "%d,\"欧 \"\"阳\",11010519%09dX,%s,1\n".formatted(FIRST_ID + first + 300, first + 300, phone(first + 300));
        long copied = copies.copyIn("COPY customers (id, name, id_number, phone, branch_id) FROM STDIN (FORMAT csv)",
            new StringReader(row));
        check("one row copied in", copied, 1L);
        check("and found", count(app, phone(first + 300)), 1);
        var out = new StringWriter();
        copies.copyOut("COPY (SELECT phone FROM customers WHERE id = " + (FIRST_ID + first + 300) + ") TO STDOUT", out);
        check("and copied out in clear", out.toString(), phone(first + 300) + "\n");
    }

    private static void masked() throws SQLException {
        try (Connection teller = connect("teller");
             var select = teller.prepareStatement("SELECT phone FROM customers WHERE phone = ?")) {
            select.setString(1, phone(first));
            try (ResultSet row = select.executeQuery()) {
                check("a teller finds the customer", row.next(), true);
                var clear = phone(first);
                var masked = clear.substring(0, 3) + "****" + clear.substring(7);
                var unmasked = environment("PGVEIL_UNMASKED", "0").equals("1");
                check("and sees the mask", row.getString(1), unmasked ? clear : masked);
            }
            try (Statement statement = teller.createStatement(); ResultSet one = statement.executeQuery("SELECT 1")) {
                check("the session goes on", one.next(), true);
            }
        }
    }

    private static void check(String what, Object found, Object expected) {
        if (!Objects.equals(found, expected)) {
            throw new IllegalStateException(what + ": found " + found + ", expected " + expected);
        }
    }
}
