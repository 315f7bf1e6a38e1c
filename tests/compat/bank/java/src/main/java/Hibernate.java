import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.FetchType;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.JoinColumn;
import jakarta.persistence.LockModeType;
import jakarta.persistence.ManyToOne;
import jakarta.persistence.OneToMany;
import jakarta.persistence.OptimisticLockException;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.hibernate.Session;
import org.hibernate.SessionFactory;
import org.hibernate.annotations.CreationTimestamp;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.cfg.Configuration;
import org.hibernate.exception.ConstraintViolationException;
import org.hibernate.type.SqlTypes;

/** Hibernate, with entities over the bank's tables. */
final class Hibernate {
    @Entity(name = "Customer")
    @Table(name = "customers")
    public static class Customer {
        @Id @GeneratedValue(strategy = GenerationType.IDENTITY) Long id;
        @Column(length = 60, nullable = false) String name;
        @Column(name = "id_card", length = 18, nullable = false, columnDefinition = "bpchar(18)") @JdbcTypeCode(SqlTypes.CHAR) String idCard;
        @Column(length = 20) String phone;
        @Column(length = 120) String email;
        @Column(name = "birth_date") LocalDate birth;
        @Column(name = "credit_limit", precision = 14, scale = 2) BigDecimal limit;
        @Column(columnDefinition = "text") String notes;
        byte[] photo;
        @ManyToOne(fetch = FetchType.LAZY) @JoinColumn(name = "branch_id") Branch branch;
        @Version int version;
        @CreationTimestamp @Column(name = "created_at") OffsetDateTime createdAt;
        @OneToMany(mappedBy = "owner") List<Account> accounts = new ArrayList<>();

        static Customer fresh(Session session) {
            var fresh = Bank.Customer.fresh();
            var customer = new Customer();
            customer.name = fresh.name();
            customer.idCard = fresh.idCard();
            customer.phone = fresh.phone();
            customer.email = fresh.email();
            customer.birth = fresh.birth();
            customer.limit = fresh.limit();
            customer.notes = fresh.notes();
            customer.photo = fresh.photo();
            customer.branch = session.getReference(Branch.class, 1);
            return customer;
        }
    }

    @Entity(name = "Branch")
    @Table(name = "branches")
    public static class Branch {
        @Id int id;
        @Column(length = 60, nullable = false) String name;

        public String getName() {
            return name;
        }
    }

    @Entity(name = "Account")
    @Table(name = "accounts")
    public static class Account {
        @Id @GeneratedValue(strategy = GenerationType.SEQUENCE, generator = "accounts") @jakarta.persistence.SequenceGenerator(name = "accounts", sequenceName = "accounts_id_seq", allocationSize = 1) Long id;
        @Column(name = "account_no", length = 24, nullable = false) String number;
        @ManyToOne(fetch = FetchType.LAZY) @JoinColumn(name = "customer_id") Customer owner;
        @Column(precision = 18, scale = 2) BigDecimal balance;
    }

    static SessionFactory open(String user, String... settings) {
        var configuration = new Configuration().addAnnotatedClass(Customer.class).addAnnotatedClass(Branch.class).addAnnotatedClass(Account.class)
            .setProperty("hibernate.connection.url", Bank.url()).setProperty("hibernate.connection.username", user)
            .setProperty("hibernate.jdbc.batch_size", "20").setProperty("hibernate.order_inserts", "true").setProperty("hibernate.jdbc.fetch_size", "10");
        for (int i = 0; i < settings.length; i += 2) {
            configuration.setProperty(settings[i], settings[i + 1]);
        }
        return configuration.buildSessionFactory();
    }

    private interface Work {
        void in(Session session) throws Exception;
    }

    static void checks() {
        check("persist and find", Hibernate::persistAndFind);
        check("HQL by sealed columns", Hibernate::queries);
        check("pages", Hibernate::pages);
        check("a join with fetch, and a lazy collection", Hibernate::joins);
        check("DISTINCT over every column", Hibernate::distinct);
        check("accounts in batches by a sequence", Hibernate::batches);
        check("a changed phone, only that column", Hibernate::update);
        check("bulk update and delete by HQL", Hibernate::bulk);
        check("criteria", Hibernate::criteria);
        check("a native query into entities", Hibernate::nativeQuery);
        check("a pessimistic lock", Hibernate::pessimistic);
        check("a duplicate", Hibernate::duplicate);
        check("rows scrolled", Hibernate::scroll);
        Harness.check("hibernate: an optimistic lock", Hibernate::optimistic);
        Harness.check("hibernate: the schema is validated", () -> open("app", "hibernate.hbm2ddl.auto", "validate").close());
    }

    private static void check(String name, Work work) {
        Harness.check("hibernate: " + name, () -> {
            try (var factory = open("app"); var session = factory.openSession()) {
                session.beginTransaction();
                work.in(session);
                session.getTransaction().commit();
            }
        });
    }

    private static Customer stored(Session session) {
        var customer = Customer.fresh(session);
        session.persist(customer);
        session.flush();
        session.clear();
        return customer;
    }

    private static void persistAndFind(Session session) {
        for (int i = 0; i < 7; i++) {
            var stored = stored(session);
            var found = session.find(Customer.class, stored.id);
            Harness.same("all", List.of(found.name, found.idCard, found.phone, found.email, found.birth, found.limit, found.notes),
                List.of(stored.name, stored.idCard, stored.phone, stored.email, stored.birth, stored.limit, stored.notes));
            Harness.same("photo", found.photo, stored.photo);
            Harness.same("branch", found.branch.getName(), "海淀支行");
        }
    }

    private static void queries(Session session) {
        var one = stored(session);
        var two = stored(session);
        for (int i = 0; i < 7; i++) {
            Harness.same("by phone", session.createQuery("from Customer where phone = :phone", Customer.class).setParameter("phone", one.phone).getSingleResult().idCard, one.idCard);
            Harness.same("by cards", session.createQuery("select c.phone from Customer c where c.idCard in :cards order by c.id", String.class)
                .setParameter("cards", List.of(two.idCard, one.idCard)).getResultList(), List.of(one.phone, two.phone));
            Harness.same("count", session.createQuery("select count(c) from Customer c where c.phone = :phone and c.birth = :birth", Long.class)
                .setParameter("phone", one.phone).setParameter("birth", one.birth).getSingleResult(), 1L);
            Harness.same("or no phone", session.createQuery("select c.id from Customer c where (c.phone is null or c.phone = :phone) and c.id = :id", Long.class)
                .setParameter("phone", one.phone).setParameter("id", one.id).getSingleResult(), one.id);
            Harness.same("grouped", session.createQuery("select c.name, count(*) from Customer c where c.id in (:one, :two) group by c.name", Object[].class)
                .setParameter("one", one.id).setParameter("two", two.id).getSingleResult()[1], 2L);
            Harness.same("distinct", session.createQuery("select distinct c.name from Customer c where c.id in (:one, :two)", String.class)
                .setParameter("one", one.id).setParameter("two", two.id).getResultList(), List.of(one.name));
        }
    }

    private static void pages(Session session) {
        var first = stored(session);
        for (int i = 0; i < 24; i++) {
            stored(session);
        }
        for (int page = 0; page < 7; page++) {
            var found = session.createQuery("from Customer c where c.id >= :first order by c.id", Customer.class).setParameter("first", first.id)
                .setFirstResult(page * 4).setMaxResults(4).getResultList();
            Harness.same("page " + page, found.size(), page == 6 ? 1 : 4);
        }
    }

    private static Account account(Session session, Customer owner, String balance) {
        var account = new Account();
        account.number = "6217" + Bank.Customer.fresh().phone();
        account.owner = owner;
        account.balance = new BigDecimal(balance);
        session.persist(account);
        return account;
    }

    private static void joins(Session session) {
        var owner = Customer.fresh(session);
        session.persist(owner);
        var numbers = new ArrayList<String>();
        for (int i = 0; i < 3; i++) {
            numbers.add(account(session, owner, "1.00").number);
        }
        session.flush();
        session.clear();
        var found = session.createQuery("select c from Customer c left join fetch c.accounts a join fetch c.branch where c.phone = :phone", Customer.class)
            .setParameter("phone", owner.phone).getSingleResult();
        Harness.same("numbers", found.accounts.stream().map(a -> a.number).sorted().toList(), numbers.stream().sorted().toList());
        session.clear();
        Harness.same("lazily", session.find(Customer.class, owner.id).accounts.size(), 3);
        Harness.same("by the owner's phone", session.createQuery("select a.number from Account a where a.owner.phone = :phone and a.number = :number", String.class)
            .setParameter("phone", owner.phone).setParameter("number", numbers.get(1)).getSingleResult(), numbers.get(1));
        Harness.same("exists", session.createQuery("select count(c) from Customer c where c.phone = :phone and exists (select 1 from Account a where a.owner = c and a.balance > 0)", Long.class)
            .setParameter("phone", owner.phone).getSingleResult(), 1L);
    }

    private static void distinct(Session session) {
        var owner = stored(session);
        Harness.same("owner", session.createQuery("select distinct c from Customer c join c.branch b where c.phone = :phone", Customer.class)
            .setParameter("phone", owner.phone).getSingleResult().id, owner.id);
    }

    private static void batches(Session session) {
        var owner = Customer.fresh(session);
        session.persist(owner);
        var accounts = new ArrayList<Account>();
        for (int i = 0; i < 50; i++) {
            accounts.add(account(session, owner, i + ".00"));
        }
        session.flush();
        accounts.forEach(account -> account.balance = account.balance.add(BigDecimal.ONE));
        session.flush();
        Harness.same("sum", session.createQuery("select sum(a.balance) from Account a where a.owner = :owner", BigDecimal.class).setParameter("owner", owner).getSingleResult(), new BigDecimal("1275.00"));
    }

    private static void update(Session session) {
        var stored = stored(session);
        var found = session.find(Customer.class, stored.id);
        found.phone = "13800138000";
        session.flush();
        session.refresh(found);
        Harness.same("phone", found.phone, "13800138000");
        Harness.same("version", found.version, 1);
        found.phone = null;
        session.flush();
        session.clear();
        Harness.same("no phone", session.find(Customer.class, stored.id).phone, null);
    }

    private static void bulk(Session session) {
        var stored = stored(session);
        Harness.same("updated", session.createMutationQuery("update Customer c set c.phone = :to, c.notes = null where c.phone = :from").setParameter("to", "9" + stored.phone.substring(1))
            .setParameter("from", stored.phone).executeUpdate(), 1);
        Harness.same("deleted", session.createMutationQuery("delete from Customer c where c.idCard = :card").setParameter("card", stored.idCard).executeUpdate(), 1);
    }

    private static void criteria(Session session) {
        var stored = stored(session);
        var builder = session.getCriteriaBuilder();
        var query = builder.createQuery(Customer.class);
        var customer = query.from(Customer.class);
        query.where(builder.equal(customer.get("phone"), stored.phone), builder.or(builder.equal(customer.get("name"), stored.name), builder.isNull(customer.get("email"))))
            .orderBy(builder.desc(customer.get("id")));
        Harness.same("found", session.createQuery(query).getSingleResult().id, stored.id);
    }

    private static void nativeQuery(Session session) {
        var stored = stored(session);
        Harness.same("entity", session.createNativeQuery("SELECT c.* FROM customers c WHERE c.phone = :phone", Customer.class).setParameter("phone", stored.phone).getSingleResult().birth, stored.birth);
        var row = session.createNativeQuery("SELECT phone, birth_date, credit_limit FROM customers WHERE id_card = ?", Object[].class).setParameter(1, stored.idCard).getSingleResult();
        Harness.same("a row", List.of(row[0], row[2]), List.of(stored.phone, stored.limit));
    }

    private static void pessimistic(Session session) {
        var stored = stored(session);
        Harness.same("locked", session.find(Customer.class, stored.id, LockModeType.PESSIMISTIC_WRITE).phone, stored.phone);
        Harness.same("by phone", session.createQuery("from Customer c where c.phone = :phone", Customer.class).setParameter("phone", stored.phone)
            .setLockMode(LockModeType.PESSIMISTIC_FORCE_INCREMENT).getSingleResult().id, stored.id);
    }

    private static void duplicate(Session session) {
        var stored = stored(session);
        session.getTransaction().commit();
        session.beginTransaction();
        var again = Customer.fresh(session);
        again.idCard = stored.idCard;
        try {
            session.persist(again);
            throw new AssertionError("taken");
        } catch (ConstraintViolationException failure) {
            Harness.same("constraint", failure.getConstraintName(), "customers_id_card_key");
        }
        session.getTransaction().rollback();
        session.beginTransaction();
    }

    private static void scroll(Session session) {
        var first = stored(session);
        for (int i = 0; i < 29; i++) {
            stored(session);
        }
        int rows = 0;
        try (var scrolled = session.createQuery("select c.phone from Customer c where c.id >= :first order by c.id", String.class).setParameter("first", first.id).scroll()) {
            for (; scrolled.next(); rows++) {
                Harness.same("a phone", scrolled.get().length(), 11);
            }
        }
        Harness.same("rows", rows, 30);
    }

    private static void optimistic() {
        try (var factory = open("app"); var one = factory.openSession(); var two = factory.openSession()) {
            one.beginTransaction();
            var stored = stored(one);
            one.getTransaction().commit();
            one.beginTransaction();
            two.beginTransaction();
            one.find(Customer.class, stored.id).phone = "1";
            two.find(Customer.class, stored.id).phone = "2";
            one.getTransaction().commit();
            try {
                two.getTransaction().commit();
                throw new AssertionError("both won");
            } catch (OptimisticLockException expected) {
                Harness.same("rolled back", two.getTransaction().isActive(), false);
            }
        }
    }

    private Hibernate() {}
}
