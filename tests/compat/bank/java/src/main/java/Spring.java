import java.math.BigDecimal;
import java.sql.ResultSet;
import java.time.LocalDate;
import java.util.Date;
import java.util.List;
import java.util.Map;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.EmptyResultDataAccessException;
import org.springframework.jdbc.core.BeanPropertyRowMapper;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.namedparam.NamedParameterJdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.core.simple.SimpleJdbcCall;
import org.springframework.jdbc.core.simple.SimpleJdbcInsert;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.support.GeneratedKeyHolder;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/** Spring JDBC over a pool. */
final class Spring {
    /** A row as the framework fills it. */
    public static final class Row {
        private String name;
        private String idCard;
        private String phone;
        private LocalDate birthDate;
        private BigDecimal creditLimit;

        public void setName(String name) {
            this.name = name;
        }

        public void setIdCard(String idCard) {
            this.idCard = idCard;
        }

        public void setPhone(String phone) {
            this.phone = phone;
        }

        public void setBirthDate(LocalDate birthDate) {
            this.birthDate = birthDate;
        }

        public void setCreditLimit(BigDecimal creditLimit) {
            this.creditLimit = creditLimit;
        }
    }

    static void checks() {
        Harness.check("spring: key holder, row mapper, map", Spring::rows);
        Harness.check("spring: named parameters and IN lists", Spring::named);
        Harness.check("spring: batches", Spring::batches);
        Harness.check("spring: SimpleJdbcInsert reads the catalog", Spring::simpleInsert);
        Harness.check("spring: SimpleJdbcCall reads the catalog", Spring::simpleCall);
        Harness.check("spring: a nested transaction is rolled back", Spring::nested);
        Harness.check("spring: errors are translated", Spring::errors);
        Harness.check("spring: rows as a stream", Spring::stream);
        Harness.check("spring: JdbcClient", Spring::client);
    }

    private static void rows() {
        try (var pool = Pool.open("app")) {
            var spring = new JdbcTemplate(pool);
            var customer = Bank.Customer.fresh();
            var keys = new GeneratedKeyHolder();
            spring.update(connection -> {
                var insert = connection.prepareStatement(Bank.INSERT, new String[] {"id", "created_at"});
                customer.bind(insert);
                return insert;
            }, keys);
            Harness.same("keys", keys.getKeys().get("created_at") instanceof Date, true);
            for (int i = 0; i < 6; i++) {
                var row = spring.queryForObject("SELECT * FROM customers WHERE phone = ?", new BeanPropertyRowMapper<>(Row.class), customer.phone());
                Harness.same("bean", List.of(row.name, row.idCard, row.phone, row.birthDate, row.creditLimit),
                    List.of(customer.name(), customer.idCard(), customer.phone(), customer.birth(), customer.limit()));
                Map<String, Object> map = spring.queryForMap("SELECT id, phone, credit_limit FROM customers WHERE id_card = ?", customer.idCard());
                Harness.same("map", map, Map.of("id", keys.getKeys().get("id"), "phone", customer.phone(), "credit_limit", customer.limit()));
            }
        }
    }

    private static void named() {
        try (var pool = Pool.open("app")) {
            var spring = new NamedParameterJdbcTemplate(pool);
            var one = Bank.Customer.fresh();
            var two = Bank.Customer.fresh();
            for (var customer : List.of(one, two)) {
                spring.update("INSERT INTO customers (name, id_card, phone, birth_date) VALUES (:name, :card, :phone, :birth)",
                    new MapSqlParameterSource("name", customer.name()).addValue("card", customer.idCard()).addValue("phone", customer.phone()).addValue("birth", customer.birth()));
            }
            var found = spring.queryForList("SELECT phone FROM customers WHERE phone IN (:phones) ORDER BY id", Map.of("phones", List.of(two.phone(), one.phone(), "x")), String.class);
            Harness.same("phones", found, List.of(one.phone(), two.phone()));
            Harness.same("NULL finds none", spring.queryForObject("SELECT count(*) FROM customers WHERE phone = :phone", new MapSqlParameterSource("phone", null), Long.class), 0L);
        }
    }

    private static void batches() {
        try (var pool = Pool.open("app")) {
            var spring = new JdbcTemplate(pool);
            var customers = java.util.stream.Stream.generate(Bank.Customer::fresh).limit(60).toList();
            spring.batchUpdate(Bank.INSERT, customers, 25, (insert, customer) -> customer.bind(insert));
            var changed = spring.batchUpdate("UPDATE customers SET phone = ? WHERE id_card = ?",
                customers.stream().map(c -> new Object[] {"8" + c.phone().substring(1), c.idCard()}).toList());
            Harness.same("changed", changed.length, 60);
            Harness.same("the last", spring.queryForObject("SELECT id_card FROM customers WHERE phone = ?", String.class, "8" + customers.get(59).phone().substring(1)), customers.get(59).idCard());
        }
    }

    private static void simpleInsert() {
        try (var pool = Pool.open("app")) {
            var customer = Bank.Customer.fresh();
            var id = new SimpleJdbcInsert(pool).withTableName("customers").usingColumns("name", "id_card", "phone", "birth_date", "credit_limit").usingGeneratedKeyColumns("id")
                .executeAndReturnKey(new MapSqlParameterSource("name", customer.name()).addValue("id_card", customer.idCard()).addValue("phone", customer.phone())
                    .addValue("birth_date", customer.birth()).addValue("credit_limit", customer.limit()));
            Harness.same("phone", new JdbcTemplate(pool).queryForObject("SELECT phone FROM customers WHERE id = ?", String.class, id.longValue()), customer.phone());
        }
    }

    private static void simpleCall() throws Exception {
        try (var pool = Pool.open("app"); var app = Bank.connect("app")) {
            long payer = Bank.account(app, "9.00");
            var rest = new SimpleJdbcCall(pool).withSchemaName("public").withFunctionName("transfer")
                .executeFunction(BigDecimal.class, Map.of("payer", payer, "payee", payer, "much", new BigDecimal("3.00")));
            Harness.same("the rest", rest, new BigDecimal("6.00"));
        }
    }

    private static void nested() {
        try (var pool = Pool.open("app")) {
            var spring = new JdbcTemplate(pool);
            var manager = new DataSourceTransactionManager(pool);
            var outer = new TransactionTemplate(manager);
            var inner = new TransactionTemplate(manager);
            inner.setPropagationBehavior(TransactionDefinition.PROPAGATION_NESTED);
            var customer = Bank.Customer.fresh();
            outer.executeWithoutResult(status -> {
                spring.update("INSERT INTO customers (name, id_card, phone) VALUES (?, ?, ?)", customer.name(), customer.idCard(), customer.phone());
                try {
                    inner.executeWithoutResult(nested -> spring.update("INSERT INTO customers (name, id_card) VALUES (?, ?)", customer.name(), customer.idCard()));
                    throw new AssertionError("a duplicate was taken");
                } catch (DuplicateKeyException expected) {
                    spring.update("UPDATE customers SET notes = ? WHERE phone = ?", "重复", customer.phone());
                }
            });
            Harness.same("notes", spring.queryForObject("SELECT notes FROM customers WHERE phone = ?", String.class, customer.phone()), "重复");
        }
    }

    private static void errors() {
        try (var pool = Pool.open("app")) {
            var spring = new JdbcTemplate(pool);
            failing(EmptyResultDataAccessException.class, () -> spring.queryForObject("SELECT id FROM customers WHERE phone = ?", Long.class, "nobody's"));
            failing(org.springframework.jdbc.BadSqlGrammarException.class, () -> spring.queryForList("SELECT no_such_column FROM customers"));
            failing(org.springframework.jdbc.BadSqlGrammarException.class, () -> spring.queryForList("SELECT * FROM no_such_table"));
            failing(org.springframework.jdbc.BadSqlGrammarException.class, () -> spring.queryForList("SELEC phone FROM customers"));
            failing(org.springframework.dao.DataIntegrityViolationException.class, () -> spring.update("INSERT INTO customers (name, id_card, branch_id) VALUES ('a', '1', 99)"));
        }
    }

    private static void failing(Class<? extends Exception> kind, Harness.Check check) {
        Class<?> found = null;
        try {
            check.run();
        } catch (Exception failure) {
            found = failure.getClass();
        }
        Harness.same("the exception", found, kind);
    }

    private static void stream() {
        try (var pool = Pool.open("app")) {
            var spring = new JdbcTemplate(pool);
            spring.setFetchSize(10);
            var customers = java.util.stream.Stream.generate(Bank.Customer::fresh).limit(45).toList();
            spring.batchUpdate(Bank.INSERT, customers, 45, (insert, customer) -> customer.bind(insert));
            new TransactionTemplate(new DataSourceTransactionManager(pool)).executeWithoutResult(status -> {
                try (var rows = spring.queryForStream("SELECT phone FROM (SELECT id, phone FROM customers ORDER BY id DESC LIMIT 45) AS latest ORDER BY id", (ResultSet row, int number) -> row.getString(1))) {
                    Harness.same("phones", rows.toList(), customers.stream().map(Bank.Customer::phone).toList());
                }
            });
        }
    }

    private static void client() {
        try (var pool = Pool.open("app")) {
            var client = JdbcClient.create(pool);
            var customer = Bank.Customer.fresh();
            client.sql("INSERT INTO customers (name, id_card, phone) VALUES (:name, :card, :phone)").param("name", customer.name()).param("card", customer.idCard()).param("phone", customer.phone()).update();
            Harness.same("optional", client.sql("SELECT name FROM customers WHERE phone = ?").param(customer.phone()).query(String.class).optional().orElse(null), customer.name());
        }
    }

    private Spring() {}
}
