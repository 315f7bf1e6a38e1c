import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.math.BigDecimal;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;

/** HikariCP, as a service configures it. */
final class Pool {
    static HikariDataSource open(String user) {
        var config = new HikariConfig();
        config.setJdbcUrl(Bank.url());
        config.setUsername(user);
        config.setMaximumPoolSize(5);
        config.addDataSourceProperty("reWriteBatchedInserts", "true");
        config.addDataSourceProperty("prepareThreshold", "3");
        config.setConnectionInitSql("SET lock_timeout = '20s'");
        config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
        return new HikariDataSource(config);
    }

    static void checks() {
        Harness.check("pool: borrowed, reset and returned", () -> {
            try (var pool = open("app")) {
                for (int i = 0; i < 12; i++) {
                    try (var app = pool.getConnection()) {
                        Harness.same("as configured", Bank.text(app, "SHOW lock_timeout"), "20s");
                        app.setAutoCommit(false);
                        app.setReadOnly(i % 2 == 0);
                        app.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
                        app.setSchema("pg_catalog");
                        app.setNetworkTimeout(Runnable::run, 30_000);
                        Bank.number(app, "SELECT count(*) FROM public.customers WHERE phone = ?", "nobody's");
                    }
                    try (var app = pool.getConnection()) {
                        Harness.same("autocommit", app.getAutoCommit(), true);
                        Harness.same("schema", app.getSchema(), "public");
                        Harness.same("isolation", app.getTransactionIsolation(), Connection.TRANSACTION_READ_COMMITTED);
                    }
                }
            }
        });
        Harness.check("pool: a session that was ended is replaced", () -> {
            try (var pool = open("app"); var postgres = Bank.connect("postgres")) {
                long pid;
                try (var app = pool.getConnection()) {
                    pid = Bank.number(app, "SELECT pg_backend_pid()");
                }
                Harness.same("ended", Bank.text(postgres, "SELECT pg_terminate_backend(?)", (int) pid), "t");
                Thread.sleep(700); // past aliveBypassWindowMs, within which HikariCP trusts a session unasked
                for (int i = 0; i < 6; i++) {
                    try (var app = pool.getConnection()) {
                        Harness.same("another", Bank.number(app, "SELECT pg_backend_pid()") == pid, false);
                    }
                }
            }
        });
        Harness.check("pool: transfers of five threads lose no money", Pool::transfers);
    }

    private static void transfers() throws Exception {
        try (var pool = open("app")) {
            var accounts = new ArrayList<Long>();
            try (var app = pool.getConnection()) {
                for (int i = 0; i < 4; i++) {
                    accounts.add(Bank.account(app, "1000.00"));
                }
            }
            var threads = Executors.newFixedThreadPool(5);
            var work = new ArrayList<Callable<Integer>>();
            for (int worker = 0; worker < 5; worker++) {
                int first = worker;
                work.add(() -> move(pool, accounts, first));
            }
            for (var done : threads.invokeAll(work)) {
                Harness.same("moved", done.get(), 30);
            }
            threads.shutdown();
            try (var app = pool.getConnection()) {
                Harness.same("money", Bank.text(app, "SELECT sum(balance) FROM accounts WHERE id = ANY (?)", (Object) accounts.toArray(Long[]::new)), "4000.00");
            }
        }
    }

    private static int move(HikariDataSource pool, ArrayList<Long> accounts, int first) throws Exception {
        int moved = 0;
        for (int i = 0; i < 30; i++) {
            long payer = accounts.get((first + i) % 4);
            long payee = accounts.get((first + i + 1) % 4);
            try (var app = pool.getConnection();
                var lock = app.prepareStatement("SELECT id, account_no FROM accounts WHERE id IN (?, ?) ORDER BY id FOR UPDATE");
                var change = app.prepareStatement("UPDATE accounts SET balance = balance + ? WHERE id = ?")) {
                app.setAutoCommit(false);
                lock.setLong(1, payer);
                lock.setLong(2, payee);
                lock.executeQuery().close();
                change.setBigDecimal(1, new BigDecimal("-1.25"));
                change.setLong(2, payer);
                moved += change.executeUpdate();
                change.setBigDecimal(1, new BigDecimal("1.25"));
                change.setLong(2, payee);
                change.executeUpdate();
                app.commit();
            }
        }
        return moved;
    }

    private Pool() {}
}
