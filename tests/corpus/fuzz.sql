SELECT a END, phone FROM customers

SELECT '2024-01-01'::date(1 + 1), id FROM customers

SELECT id FROM customers WHERE phone = $1 AND $2::date (NOT NULL OR birth_date = $2)
