import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import org.postgresql.ds.common.BaseDataSource;

/** The bank of `tests/compat/bank`: its logins, and customers whom nobody else has. */
final class Bank {
    static final boolean SEALED = "1".equals(System.getenv("BANK_SEALED"));
    static final String INSERT = "INSERT INTO customers (name, id_card, phone, email, birth_date, credit_limit, notes, photo, branch_id)"
        + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)";
    private static final AtomicInteger NEXT = new AtomicInteger(1);

    record Customer(String name, String idCard, String phone, String email, LocalDate birth, BigDecimal limit, String notes, byte[] photo) {
        static Customer fresh() {
            int number = NEXT.getAndIncrement();
            return new Customer("欧阳建国", "11010519%09dX".formatted(number), "139%08d".formatted(number), "ouyang%d@bank.cn".formatted(number),
                LocalDate.of(1949, 12, 31), new BigDecimal("12345.60"), "老客户, don't call before 9", new byte[] {0, 1, (byte) 0xff, '\\'});
        }

        void bind(PreparedStatement insert) throws SQLException {
            insert.setString(1, name);
            insert.setString(2, idCard);
            insert.setString(3, phone);
            insert.setString(4, email);
            insert.setObject(5, birth);
            insert.setBigDecimal(6, limit);
            insert.setString(7, notes);
            insert.setBytes(8, photo);
        }

        /** The row has this customer's values, each by its own getter. */
        void expect(ResultSet row) throws SQLException {
            Harness.same("name", row.getString("name"), name);
            Harness.same("id_card", row.getString("id_card"), idCard);
            Harness.same("phone", row.getString("phone"), phone);
            Harness.same("email", row.getString("email"), email);
            Harness.same("birth_date", row.getObject("birth_date", LocalDate.class), birth);
            Harness.same("credit_limit", row.getBigDecimal("credit_limit"), limit);
            Harness.same("notes", row.getString("notes"), notes);
            Harness.same("photo", row.getBytes("photo"), photo);
        }
    }

    static String url() {
        return "jdbc:postgresql://127.0.0.1:" + System.getenv("PGPORT") + "/compat";
    }

    /** A session of `user`; options as `name, value` pairs. */
    static Connection connect(String user, String... options) throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", user);
        for (int i = 0; i < options.length; i += 2) {
            properties.setProperty(options[i], options[i + 1]);
        }
        return DriverManager.getConnection(url(), properties);
    }

    static <T extends BaseDataSource> T source(T source, String user) {
        source.setUrl(url());
        source.setUser(user);
        return source;
    }

    static long insert(Connection app, Customer customer) throws SQLException {
        try (var insert = app.prepareStatement(INSERT + " RETURNING id")) {
            customer.bind(insert);
            return number(insert);
        }
    }

    /** A customer of his own, and an account of his with this balance. */
    static long account(Connection app, String balance) throws SQLException {
        long owner = insert(app, Customer.fresh());
        try (var insert = app.prepareStatement("INSERT INTO accounts (account_no, customer_id, balance) VALUES (?, ?, ?) RETURNING id")) {
            insert.setString(1, "6222%012d".formatted(owner));
            insert.setLong(2, owner);
            insert.setBigDecimal(3, new BigDecimal(balance));
            return number(insert);
        }
    }

    /** The number in the only row. */
    static long number(PreparedStatement query) throws SQLException {
        try (var row = query.executeQuery()) {
            Harness.same("a row", row.next(), true);
            return row.getLong(1);
        }
    }

    static long number(Connection session, String query, Object... arguments) throws SQLException {
        try (var statement = session.prepareStatement(query)) {
            for (int i = 0; i < arguments.length; i++) {
                statement.setObject(i + 1, arguments[i]);
            }
            return number(statement);
        }
    }

    static String text(Connection session, String query, Object... arguments) throws SQLException {
        try (var statement = session.prepareStatement(query)) {
            for (int i = 0; i < arguments.length; i++) {
                statement.setObject(i + 1, arguments[i]);
            }
            try (var row = statement.executeQuery()) {
                return row.next() ? row.getString(1) : null;
            }
        }
    }

    /** The SQLSTATE that this ends in. */
    static String refused(Harness.Check check) throws Exception {
        try {
            check.run();
        } catch (SQLException failure) {
            return failure.getSQLState();
        }
        return "none";
    }

    private Bank() {}
}
