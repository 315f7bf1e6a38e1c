import com.github.pagehelper.PageHelper;
import com.github.pagehelper.PageInfo;
import com.github.pagehelper.PageInterceptor;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.apache.ibatis.builder.xml.XMLMapperBuilder;
import org.apache.ibatis.cursor.Cursor;
import org.apache.ibatis.io.Resources;
import org.apache.ibatis.mapping.Environment;
import org.apache.ibatis.session.Configuration;
import org.apache.ibatis.session.ExecutorType;
import org.apache.ibatis.session.SqlSession;
import org.apache.ibatis.session.SqlSessionFactory;
import org.apache.ibatis.session.SqlSessionFactoryBuilder;
import org.apache.ibatis.transaction.jdbc.JdbcTransactionFactory;

/** MyBatis with a mapper in XML, and PageHelper's rewritten queries. */
final class MyBatis {
    public static final class Customer {
        public Long id;
        public String name;
        public String idCard;
        public String phone;
        public LocalDate birthDate;
        public BigDecimal creditLimit;
        public String notes;
        public byte[] photo;

        static Customer fresh() {
            var fresh = Bank.Customer.fresh();
            var customer = new Customer();
            customer.name = fresh.name();
            customer.idCard = fresh.idCard();
            customer.phone = fresh.phone();
            customer.birthDate = fresh.birth();
            customer.creditLimit = fresh.limit();
            customer.notes = fresh.notes();
            customer.photo = fresh.photo();
            return customer;
        }

        List<Object> values() {
            return List.of(id, name, idCard, phone, birthDate, creditLimit, notes, photo.length);
        }
    }

    public static final class Search {
        public String name;
        public String phone;
        public List<String> cards;
        public Long from;
    }

    public interface Customers {
        int insert(Customer customer);

        int insertAll(List<Customer> customers);

        Customer byId(long id);

        List<Customer> search(Search search);

        int update(Customer customer);

        int delete(String idCard);

        Cursor<Customer> since(long id);

        Long nextId();
    }

    static SqlSessionFactory open(DataSource source) throws Exception {
        var configuration = new Configuration(new Environment("test", new JdbcTransactionFactory(), source));
        configuration.setMapUnderscoreToCamelCase(true);
        var pages = new PageInterceptor();
        var properties = new Properties();
        properties.setProperty("helperDialect", "postgresql");
        properties.setProperty("reasonable", "true");
        pages.setProperties(properties);
        configuration.addInterceptor(pages);
        try (var mapper = Resources.getResourceAsStream("customers.xml")) {
            new XMLMapperBuilder(mapper, configuration, "customers.xml", configuration.getSqlFragments()).parse();
        }
        return new SqlSessionFactoryBuilder().build(configuration);
    }

    private interface Work {
        void in(SqlSession session, Customers customers) throws Exception;
    }

    static void checks() {
        check("insert with a generated key, and select", ExecutorType.SIMPLE, MyBatis::insert);
        check("insert many in one statement", ExecutorType.SIMPLE, MyBatis::insertAll);
        check("a batch executor", ExecutorType.BATCH, MyBatis::batch);
        check("reused statements", ExecutorType.REUSE, MyBatis::insert);
        check("a search of what was given", ExecutorType.REUSE, MyBatis::search);
        check("PageHelper's pages and count", ExecutorType.SIMPLE, MyBatis::pages);
        check("update of what was given, and delete", ExecutorType.SIMPLE, MyBatis::update);
        check("a cursor", ExecutorType.SIMPLE, MyBatis::cursor);
    }

    private static void check(String name, ExecutorType executor, Work work) {
        Harness.check("mybatis: " + name, () -> {
            try (var pool = Pool.open("app"); var session = open(pool).openSession(executor, false)) {
                work.in(session, session.getMapper(Customers.class));
                session.commit();
            }
        });
    }

    private static void insert(SqlSession session, Customers customers) {
        for (int i = 0; i < 7; i++) {
            var customer = Customer.fresh();
            Harness.same("one", customers.insert(customer), 1);
            session.clearCache();
            Harness.same("values", customers.byId(customer.id).values(), customer.values());
        }
        Harness.same("a sequence", customers.nextId() > 0, true);
    }

    private static List<Customer> stored(SqlSession session, int count) {
        var many = Stream.generate(Customer::fresh).limit(count).toList();
        Harness.same("many", session.getMapper(Customers.class).insertAll(many), count);
        return many;
    }

    private static void insertAll(SqlSession session, Customers customers) {
        for (int size : new int[] {1, 2, 40, 40, 300}) {
            var many = stored(session, size);
            Harness.same("keys", many.get(size - 1).id - many.get(0).id, size - 1L);
            Harness.same("the last", customers.byId(many.get(size - 1).id).values(), many.get(size - 1).values());
        }
    }

    private static void batch(SqlSession session, Customers customers) {
        var many = Stream.generate(Customer::fresh).limit(60).toList();
        many.forEach(customers::insert);
        session.flushStatements();
        many.forEach(customer -> {
            customer.phone = "7" + customer.phone.substring(1);
            customers.update(customer);
        });
        session.flushStatements();
        Harness.same("the last", customers.byId(many.get(59).id).phone, many.get(59).phone);
    }

    private static void search(SqlSession session, Customers customers) {
        var many = stored(session, 5);
        for (int i = 0; i < 7; i++) {
            var search = new Search();
            search.from = many.get(0).id;
            Harness.same("all", customers.search(search).size(), 5);
            search.name = many.get(0).name;
            Harness.same("by name", customers.search(search).size(), 5);
            search.cards = List.of(many.get(3).idCard, many.get(1).idCard);
            Harness.same("by cards", customers.search(search).stream().map(c -> c.phone).toList(), List.of(many.get(1).phone, many.get(3).phone));
            search.phone = many.get(3).phone;
            Harness.same("by phone", customers.search(search).get(0).values(), many.get(3).values());
            session.clearCache();
        }
    }

    private static void pages(SqlSession session, Customers customers) {
        var many = stored(session, 23);
        for (int number = 1; number <= 5; number++) {
            var search = new Search();
            search.from = many.get(0).id;
            search.name = many.get(0).name;
            PageHelper.startPage(number, 5);
            var page = new PageInfo<>(customers.search(search));
            Harness.same("total", page.getTotal(), 23L);
            Harness.same("pages", page.getPages(), 5);
            Harness.same("first", page.getList().get(0).values(), many.get((number - 1) * 5).values());
            Harness.same("size", page.getSize(), number == 5 ? 3 : 5);
        }
        PageHelper.startPage(1, 5).setOrderBy("id desc");
        var search = new Search();
        search.from = many.get(0).id;
        Harness.same("the other end", customers.search(search).get(0).id, many.get(22).id);
    }

    private static void update(SqlSession session, Customers customers) {
        var customer = stored(session, 1).get(0);
        var change = new Customer();
        change.id = customer.id;
        change.creditLimit = new BigDecimal("0.10");
        change.notes = "已核实";
        Harness.same("updated", customers.update(change), 1);
        session.clearCache();
        var found = customers.byId(customer.id);
        Harness.same("changed and kept", List.of(found.creditLimit, found.notes, found.phone), List.of(change.creditLimit, "已核实", customer.phone));
        Harness.same("deleted", customers.delete(customer.idCard), 1);
    }

    private static void cursor(SqlSession session, Customers customers) throws Exception {
        var many = stored(session, 35);
        try (var rows = customers.since(many.get(0).id)) {
            int count = 0;
            for (var row : rows) {
                Harness.same("a row", row.values(), many.get(count++).values());
            }
            Harness.same("rows", count, 35);
        }
    }

    private MyBatis() {}
}
