-- The sample bank. One column a line: `src/demo/schema.rs` derives schema-protected.sql from this file.
-- `-- masked`            stored in clear, masked by the policy
-- `-- sealed equality`   stored as a sealed value with an equality term
-- `-- sealed`            stored as a sealed value that cannot be searched

CREATE TABLE branches (
    id         integer PRIMARY KEY,
    code       varchar(12) NOT NULL UNIQUE,
    name       varchar(60) NOT NULL,
    city       varchar(40) NOT NULL
);

CREATE TABLE employees (
    id         integer PRIMARY KEY,
    login      varchar(40) NOT NULL UNIQUE,
    name       varchar(60) NOT NULL,
    title      varchar(40),
    branch_id  integer NOT NULL REFERENCES branches (id),
    phone      varchar(20) UNIQUE -- sealed equality
);

CREATE TABLE customers (
    id           bigint PRIMARY KEY,
    name         varchar(60) NOT NULL, -- masked
    id_number    char(18) NOT NULL UNIQUE, -- sealed equality
    phone        varchar(20), -- sealed equality
    email        varchar(120), -- sealed equality
    birth_date   date, -- sealed equality
    address      varchar(200), -- masked
    credit_limit numeric(14,2), -- sealed equality
    notes        text, -- sealed
    vip          boolean NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL DEFAULT now(),
    branch_id    integer NOT NULL REFERENCES branches (id),
    manager_id   integer REFERENCES employees (id)
);

CREATE TABLE accounts (
    id          bigint PRIMARY KEY,
    account_no  varchar(24) NOT NULL UNIQUE, -- sealed equality
    customer_id bigint NOT NULL REFERENCES customers (id),
    branch_id   integer NOT NULL REFERENCES branches (id),
    currency    char(3) NOT NULL DEFAULT 'CNY',
    balance     numeric(18,2) NOT NULL DEFAULT 0, -- masked
    opened_on   date,
    status      varchar(10) NOT NULL DEFAULT 'open'
);

CREATE TABLE cards (
    id          bigint PRIMARY KEY,
    pan         varchar(19) NOT NULL UNIQUE, -- sealed equality
    account_id  bigint NOT NULL REFERENCES accounts (id),
    customer_id bigint NOT NULL REFERENCES customers (id),
    expires     date, -- sealed
    holder      varchar(60), -- masked
    status      varchar(10) NOT NULL DEFAULT 'active'
);

CREATE TABLE transactions (
    id           bigint PRIMARY KEY,
    account_id   bigint NOT NULL REFERENCES accounts (id),
    at           timestamptz NOT NULL,
    kind         varchar(12) NOT NULL,
    amount       numeric(14,2) NOT NULL, -- masked
    counterparty varchar(24), -- sealed equality
    memo         varchar(140) -- masked
);

CREATE TABLE kyc (
    customer_id bigint PRIMARY KEY REFERENCES customers (id),
    risk        smallint, -- sealed equality
    district    integer, -- sealed equality
    file_no     bigint, -- sealed equality
    net_worth   numeric, -- sealed equality
    issued_on   date, -- sealed equality
    met_at      timestamp, -- sealed equality
    verified_at timestamptz, -- sealed equality
    exposed     boolean, -- sealed equality
    case_id     uuid, -- sealed equality
    answers     jsonb, -- sealed
    photo       bytea, -- sealed
    country     char(8), -- sealed equality
    tax_no      varchar(20), -- sealed equality
    remarks     text -- sealed
);

CREATE INDEX customers_phone_idx ON customers (phone);
CREATE INDEX customers_email_idx ON customers (email);
CREATE INDEX customers_branch_id_idx ON customers (branch_id);
CREATE INDEX customers_manager_id_idx ON customers (manager_id);
CREATE INDEX accounts_customer_id_idx ON accounts (customer_id);
CREATE INDEX cards_customer_id_idx ON cards (customer_id);
CREATE INDEX transactions_account_id_idx ON transactions (account_id);
CREATE INDEX transactions_counterparty_idx ON transactions (counterparty);

CREATE VIEW customer_contacts AS SELECT id, phone AS mobile, email, branch_id FROM customers;
CREATE VIEW vip_contacts AS SELECT v.id, v.mobile, v.email FROM customer_contacts v JOIN customers c ON c.id = v.id WHERE c.vip;
