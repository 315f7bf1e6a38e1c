import java.io.StringWriter;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.List;
import org.postgresql.PGConnection;
import org.springframework.jdbc.core.JdbcTemplate;

/** A teller's session: where the bank is sealed he finds customers and sees masks, by every way of reading; in clear he sees what is there. */
final class Teller {
    static void checks() {
        for (var mode : List.of("extended", "simple", "extendedForPrepared", "extendedCacheEverything")) {
            check("finds by phone and sees masks, " + mode, (app, teller, customer) -> {
                for (int i = 0; i < 8; i++) {
                    found(teller, "phone", customer.phone(), customer);
                    found(teller, "id_card", customer.idCard(), customer);
                }
            }, "preferQueryMode", mode);
        }
        check("sees masks in binary", (app, teller, customer) -> found(teller, "phone", customer.phone(), customer), "prepareThreshold", "-1");
        check("reads in parts", Teller::parts);
        check("copies masks out", Teller::copy);
        check("does not find by the mask", (app, teller, customer) -> Harness.same("rows",
            Bank.number(teller, "SELECT count(*) FROM customers WHERE phone = ? AND id_card = ?", "139****" + customer.phone().substring(7), customer.idCard()), 0L));
        check("cannot sort, compare or cut what is hidden", Teller::oracles);
        check("saves the form as it was shown", Teller::savesTheForm);
        check("changes the phone", Teller::changesThePhone);
        check("updates a result", Teller::updatesAResult);
        Harness.check("teller: the pool, Spring, MyBatis and Hibernate show masks", Teller::frameworks);
    }

    private interface Work {
        void in(Connection app, Connection teller, Bank.Customer customer) throws Exception;
    }

    private static void check(String name, Work work, String... options) {
        Harness.check("teller: " + name, () -> {
            try (var app = Bank.connect("app"); var teller = Bank.connect("teller", options)) {
                var customer = Bank.Customer.fresh();
                Bank.insert(app, customer);
                work.in(app, teller, customer);
            }
        });
    }

    private static Object masked(Object clear, Object mask) {
        return Bank.SEALED ? mask : clear;
    }

    private static String phone(Bank.Customer customer) {
        return (String) masked(customer.phone(), "139****" + customer.phone().substring(7));
    }

    private static String card(Bank.Customer customer) {
        return (String) masked(customer.idCard(), "110105********" + customer.idCard().substring(14));
    }

    private static void found(Connection teller, String column, String value, Bank.Customer customer) throws SQLException {
        try (var select = teller.prepareStatement("SELECT * FROM customers WHERE " + column + " = ?")) {
            select.setString(1, value);
            try (var row = select.executeQuery()) {
                Harness.same("found", row.next(), true);
                expect(row, customer);
                Harness.same("types", row.getMetaData().getColumnTypeName(6) + row.getMetaData().getColumnTypeName(7), "datenumeric");
            }
        }
    }

    private static void expect(ResultSet row, Bank.Customer customer) throws SQLException {
        Harness.same("name", row.getString("name"), masked(customer.name(), "欧阳**"));
        Harness.same("id_card", row.getString("id_card"), card(customer));
        Harness.same("phone", row.getString("phone"), phone(customer));
        Harness.same("email", row.getString("email"), masked(customer.email(), "ouy***@bank.cn"));
        Harness.same("birth_date", row.getObject("birth_date", LocalDate.class), masked(customer.birth(), LocalDate.of(1949, 1, 1)));
        Harness.same("credit_limit", row.getBigDecimal("credit_limit").compareTo(Bank.SEALED ? new BigDecimal("10000") : customer.limit()), 0);
        Harness.same("notes", row.getString("notes"), masked(customer.notes(), "******"));
        Harness.same("photo", row.getBytes("photo"), masked(customer.photo(), null));
    }

    private static void parts(Connection app, Connection teller, Bank.Customer customer) throws SQLException {
        long first = Bank.number(app, "SELECT id FROM customers WHERE phone = ?", customer.phone());
        for (int i = 0; i < 19; i++) {
            Bank.insert(app, Bank.Customer.fresh());
        }
        teller.setAutoCommit(false);
        try (var select = teller.prepareStatement("SELECT phone FROM customers WHERE id >= ? ORDER BY id LIMIT 20")) {
            select.setLong(1, first);
            select.setFetchSize(6);
            int rows = 0;
            try (var row = select.executeQuery()) {
                for (; row.next(); rows++) {
                    Harness.same("masked", row.getString(1).contains("****"), Bank.SEALED);
                }
            }
            Harness.same("rows", rows, 20);
        }
        teller.commit();
    }

    private static void copy(Connection app, Connection teller, Bank.Customer customer) throws Exception {
        var out = new StringWriter();
        teller.unwrap(PGConnection.class).getCopyAPI().copyOut("COPY (SELECT name, id_card, phone FROM customers WHERE phone = '%s') TO STDOUT".formatted(customer.phone()), out);
        Harness.same("a line", out.toString(), String.join("\t", (String) masked(customer.name(), "欧阳**"), card(customer), phone(customer)) + "\n");
    }

    private static void oracles(Connection app, Connection teller, Bank.Customer customer) throws Exception {
        for (var query : List.of("SELECT phone FROM customers ORDER BY phone", "SELECT count(*) FROM customers WHERE phone > '139'", "SELECT substr(phone, 4, 4) FROM customers",
            "SELECT count(*) FROM customers WHERE phone LIKE '139%'", "SELECT max(credit_limit) FROM customers", "SELECT row_to_json(c) FROM customers c", "SELECT c::text FROM customers c",
            "SELECT count(*) FROM customers WHERE birth_date = '1949-12-31'", "SELECT notes || '' FROM customers")) {
            Harness.same(query, Bank.refused(() -> Bank.text(teller, query)), masked("none", query.contains("birth_date") ? "42501" : "0A000"));
        }
    }

    private static void savesTheForm(Connection app, Connection teller, Bank.Customer customer) throws SQLException {
        try (var select = teller.prepareStatement("SELECT id, name, phone, notes FROM customers WHERE phone = ?");
            var update = teller.prepareStatement("UPDATE customers SET name = ?, phone = ?, notes = ?, version = version + 1 WHERE id = ?")) {
            select.setString(1, customer.phone());
            try (var row = select.executeQuery()) {
                row.next();
                update.setString(1, row.getString(2));
                update.setString(2, row.getString(3));
                update.setString(3, row.getString(4));
                update.setLong(4, row.getLong(1));
                Harness.same("saved", update.executeUpdate(), 1);
            }
        }
        try (var select = app.prepareStatement("SELECT * FROM customers WHERE phone = ?")) {
            select.setString(1, customer.phone());
            try (var row = select.executeQuery()) {
                Harness.same("still found", row.next(), true);
                customer.expect(row);
                Harness.same("version", row.getInt("version"), 1);
            }
        }
    }

    private static void changesThePhone(Connection app, Connection teller, Bank.Customer customer) throws SQLException {
        var other = Bank.Customer.fresh();
        try (var update = teller.prepareStatement("UPDATE customers SET phone = ? WHERE id_card = ? RETURNING phone")) {
            update.setString(1, other.phone());
            update.setString(2, customer.idCard());
            try (var row = update.executeQuery()) {
                Harness.same("shown", row.next() ? row.getString(1) : null, phone(other));
            }
        }
        Harness.same("stored", Bank.text(app, "SELECT phone FROM customers WHERE id_card = ?", customer.idCard()), other.phone());
    }

    private static void updatesAResult(Connection app, Connection teller, Bank.Customer customer) throws SQLException {
        long id = Bank.number(app, "SELECT id FROM customers WHERE phone = ?", customer.phone());
        try (var select = teller.prepareStatement("SELECT id, phone, notes FROM customers WHERE id = ?", ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE)) {
            select.setLong(1, id);
            try (var row = select.executeQuery()) {
                row.next();
                row.updateString("phone", "13800138000");
                row.updateString("notes", row.getString("notes"));
                row.updateRow();
            }
        }
        Harness.same("stored", Bank.text(app, "SELECT phone FROM customers WHERE id = ?", id), "13800138000");
        Harness.same("kept", Bank.text(app, "SELECT notes FROM customers WHERE id = ?", id), customer.notes());
    }

    private static void frameworks() throws Exception {
        var customer = Bank.Customer.fresh();
        try (var app = Bank.connect("app")) {
            Bank.insert(app, customer);
        }
        try (var pool = Pool.open("teller"); var mybatis = MyBatis.open(pool).openSession(); var factory = Hibernate.open("teller"); var session = factory.openSession()) {
            for (int i = 0; i < 7; i++) {
                Harness.same("spring", new JdbcTemplate(pool).queryForObject("SELECT phone FROM customers WHERE phone = ?", String.class, customer.phone()), phone(customer));
                var search = new MyBatis.Search();
                search.phone = customer.phone();
                var mapped = mybatis.getMapper(MyBatis.Customers.class).search(search).get(0);
                Harness.same("mybatis", List.of(mapped.phone, mapped.idCard, mapped.birthDate), List.of(phone(customer), card(customer), masked(customer.birth(), LocalDate.of(1949, 1, 1))));
                var entity = session.createQuery("from Customer c where c.idCard = :card", Hibernate.Customer.class).setParameter("card", customer.idCard()).getSingleResult();
                Harness.same("hibernate", List.of(entity.phone, entity.idCard), List.of(phone(customer), card(customer)));
                mybatis.clearCache();
                session.clear();
            }
        }
    }

    private Teller() {}
}
