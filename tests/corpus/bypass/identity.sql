# name: set-role-of-the-owner
SET ROLE bank_owner;
SELECT address, phone FROM customers;

# name: set-local-role
SET LOCAL ROLE bank_owner;
SELECT * FROM customers;

# name: set-role-by-set-config
SELECT set_config('role', 'bank_owner', false);
SELECT address FROM customers;

# name: set-role-none
SET ROLE bank_owner;
SET ROLE NONE;
SELECT address, email FROM customers;

# name: reset-role
RESET ROLE;
SELECT address FROM customers;

# name: role-at-the-start
# startup: role=bank_owner
SELECT address, phone FROM customers;

# name: role-among-the-options
# startup: options=-c role=bank_owner
SELECT address, phone FROM customers;

# name: session-authorization-default
SET SESSION AUTHORIZATION DEFAULT;
SELECT address FROM customers;

# name: reset-session-authorization
RESET SESSION AUTHORIZATION;
SELECT address FROM customers;

# name: session-authorization-of-the-application
# roles: dba
SET SESSION AUTHORIZATION app;
SELECT address, phone FROM customers;

# name: local-session-authorization
# roles: dba
SET LOCAL SESSION AUTHORIZATION manager;
SELECT address, phone FROM customers;

# name: session-authorization-at-the-start
# roles: dba
# startup: options=-c role=app
SELECT address, phone FROM customers;

# name: granted-itself-a-role
# roles: dba
GRANT bank_owner TO dba;
SET ROLE bank_owner;
SELECT address FROM customers;

# name: made-itself-a-manager
# roles: dba
CREATE ROLE managers;
GRANT managers TO dba;
SELECT address FROM customers;

# name: security-definer-of-another
# roles: dba
CREATE FUNCTION as_app() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS 'SELECT address::text FROM public.customers';
ALTER FUNCTION as_app() OWNER TO app;
SELECT as_app();

# name: view-of-another-owner
# roles: dba
CREATE VIEW of_app AS SELECT address FROM customers;
ALTER VIEW of_app OWNER TO app;
SELECT address FROM of_app;

# name: application-name
SET application_name = 'app';
SELECT address, phone FROM customers;

# name: application-name-at-the-start
# startup: application_name=app
SELECT address, phone FROM customers;

# name: invented-off-switch
SET LOCAL pgveil.enabled = 'off';
SELECT address FROM customers;

# name: off-switch-of-another-proxy
SET CIPHERSTASH.UNSAFE_DISABLE_MAPPING = true;
SELECT address, phone FROM customers;

# name: off-switch-at-the-start
# startup: pgveil.unmask=on
SELECT address, phone FROM customers;

# name: row-security-off
SET row_security = off;
SELECT address FROM customers;

# name: default-transaction-read-only
SET default_transaction_read_only = off;
SELECT address FROM customers;

# name: discarded-session
# transaction: no
DISCARD ALL;
SELECT address, phone FROM customers;

# name: reset-all
RESET ALL;
SELECT address, phone FROM customers;

# name: in-a-transaction-of-its-own
# transaction: no
BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE;
SELECT address, phone FROM customers;
COMMIT;

# name: after-an-error
# transaction: no
SELECT 1/0;
SELECT address, phone FROM customers;

# name: after-a-failed-transaction
# transaction: no
BEGIN;
SELECT nothing;
ROLLBACK;
SELECT address FROM customers;

# name: after-a-savepoint
SAVEPOINT s;
CREATE TEMP TABLE customers (address text);
ROLLBACK TO SAVEPOINT s;
SELECT address, phone FROM customers;

# name: in-a-savepoint
SAVEPOINT s;
SELECT address FROM customers;
RELEASE s;
