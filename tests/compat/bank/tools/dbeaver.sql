-- What DBeaver sends to PostgreSQL: read from the sources of DBeaver 24.2.4 (github.com/dbeaver/dbeaver, commit 2428359b74 of
-- 2024-10-24: plugins ext.postgresql, model.jdbc, model and model.sql), as their Java builds it for a server from 15 on, with the
-- parameters as pgjdbc types them (setString: varchar, setLong: int8, dates and what it does not know: none); and what pgjdbc asks
-- by itself when it connects and for DBeaver's calls of its metadata (PgResultSetMetaData, TypeInfoCache; written down by hand, as are
-- DBeaver's INSERTs). Runs of blanks and line ends in them are not kept. dbeaver.py runs it.
--
-- `--: title`; `--> type value, …` the parameters, `{name}` an object's OID; `--then` before what follows in the same transaction;
-- `--= …` the answer where it is not the catalog's: `columns id…`, the customers' rows in this order, `= value`, one cell,
-- `# n`, the rows changed, `! SQLSTATE`, the error.

--: connect: extra_float_digits
SET extra_float_digits = 3

--: connect: application_name
SET application_name = 'DBeaver 24.2.4 - Main <compat>'

--: connect: current database
SELECT current_database()

--: connect: list of databases
--> varchar compat
SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE 1 = 1 AND datallowconn AND NOT datistemplate OR db.datname =$1
ORDER BY db.datname

--: connect: version
SELECT version()

--: connect: is there pg_enum
SELECT * FROM pg_catalog.pg_enum WHERE 1<>1 LIMIT 1

--: connect: is there pg_class.reltype
SELECT reltype FROM pg_catalog.pg_class WHERE 1<>1 LIMIT 1

--: connect: schema and user
SELECT current_schema(),session_user

--: connect: search path
SHOW search_path

--: connect: another default schema
SET search_path = public,"$user"
--then
SHOW search_path

--: connect: role
SET ROLE {login}
--then
SELECT current_schema(),session_user

--: connect: read only
SHOW TRANSACTION ISOLATION LEVEL

--: connect: is it alive


--: connect: read-only session
SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY

--: settings
select * from pg_catalog.pg_settings

--: settings: one
--> varchar standard_conforming_strings
select * from pg_catalog.pg_settings where name=$1

--: database: by name
--> varchar compat
SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE datname=$1

--: database: description
--> varchar compat
select description from pg_shdescription join pg_database on objoid = pg_database.oid where datname = $1

--: database: templates
SELECT db.datname FROM pg_catalog.pg_database db WHERE datistemplate

--: database: sizes
--> int8 {database}
SELECT db.datname,pg_database_size(db.oid) FROM pg_catalog.pg_database db WHERE db.oid=$1

--: database: access methods
SELECT am.oid,am.* FROM pg_catalog.pg_am am 
ORDER BY am.oid

--: database: operator classes
SELECT oc.oid,oc.* FROM pg_catalog.pg_opclass oc 
ORDER BY oc.oid

--: database: operator families
SELECT of.oid,of.* FROM pg_catalog.pg_opfamily of 
ORDER BY of.oid

--: database: encodings
SELECT c.contoencoding as encid,pg_catalog.pg_encoding_to_char(c.contoencoding) as encname
FROM pg_catalog.pg_conversion c
GROUP BY c.contoencoding
ORDER BY 2

--: database: collations
SELECT c.oid,c.* FROM pg_catalog.pg_collation c 
ORDER BY c.oid

--: database: languages
SELECT l.oid,l.* FROM pg_catalog.pg_language l 
ORDER BY l.oid

--: database: foreign data wrappers
SELECT l.oid,l.*,p.pronamespace as handler_schema_id 
FROM pg_catalog.pg_foreign_data_wrapper l
LEFT OUTER JOIN pg_catalog.pg_proc p ON p.oid=l.fdwhandler 
ORDER BY l.fdwname

--: database: foreign servers
SELECT l.oid,l.* FROM pg_catalog.pg_foreign_server l
ORDER BY l.srvname

--: database: user mappings
select distinct 
srvname, 
case when rolname is null then 'public' else rolname end rolname, 
srvoptions,  
umoptions  
from pg_user_mapping um  
join pg_foreign_server fs on um.umserver = fs.OID  
left join pg_authid pa on um.umuser = pa.OID 
where fs.OID = 1
ORDER BY srvname

--: database: tablespaces
SELECT t.oid,t.*,pg_tablespace_location(t.oid) loc
FROM pg_catalog.pg_tablespace t 
ORDER BY t.oid

--: database: available extensions
SELECT name,default_version,installed_version,comment FROM pg_catalog.pg_available_extensions ORDER BY name

--: database: event triggers
SELECT pet.*, d.description FROM pg_catalog.pg_event_trigger pet
LEFT OUTER JOIN pg_catalog.pg_description d ON pet."oid" = d.objoid

--: database: event trigger's state
--> int8 1
SELECT evtenabled FROM pg_catalog.pg_event_trigger WHERE oid=$1

--: database: extensions
SELECT 
 e.oid,
 cfg.tbls,
  n.nspname as schema_name,
 e.* 
FROM 
 pg_catalog.pg_extension e 
 join pg_namespace n on n.oid =e.extnamespace
 left join  (
         select
            ARRAY_AGG(ns.nspname || '.' ||  cls.relname) tbls, oid_ext
          from
            (
            select
                unnest(e1.extconfig) oid , e1.oid oid_ext
            from
                pg_catalog.pg_extension e1 ) c 
                join    pg_class cls on cls.oid = c.oid 
                join pg_namespace ns on ns.oid = cls.relnamespace
            group by oid_ext        
         ) cfg on cfg.oid_ext = e.oid
ORDER BY e.oid

--: database: enum values
SELECT * FROM pg_catalog.pg_enum

--: schemas
SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass
 ORDER BY nspname

--: schema: by name
--> varchar public
SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass
 WHERE nspname=$1 ORDER BY nspname

--: schema: OID
--> varchar public
SELECT s.oid as schema_id
from pg_catalog.pg_namespace s
WHERE s.nspname =$1

--: schema: extensions
--> int8 {schema}
SELECT 
 e.oid,
 cfg.tbls,
 e.* 
FROM 
 pg_catalog.pg_extension e 
 join pg_namespace n on n.oid =e.extnamespace
 left join  (
         select
            ARRAY_AGG(ns.nspname || '.' ||  cls.relname) tbls, oid_ext
          from
            (
            select
                unnest(e1.extconfig) oid , e1.oid oid_ext
            from
                pg_catalog.pg_extension e1 ) c 
                join    pg_class cls on cls.oid = c.oid 
                join pg_namespace ns on ns.oid = cls.relnamespace
            group by oid_ext        
         ) cfg on cfg.oid_ext = e.oid

WHERE e.extnamespace=$1
ORDER BY e.oid

--: schema: sizes of relations
--> int8 {schema}
select c.oid,pg_catalog.pg_total_relation_size(c.oid) as total_rel_size,pg_catalog.pg_relation_size(c.oid) as rel_size
FROM pg_class c
WHERE c.relnamespace=$1

--: schema: default privileges
--> int8 {schema}
SELECT * FROM pg_default_acl WHERE defaclnamespace = $1

--: schema: aggregates
--> int8 {schema}
SELECT p.oid AS proc_oid,p.proname AS proc_name,a.*
FROM pg_catalog.pg_aggregate a,pg_catalog.pg_proc p
WHERE p.oid=a.aggfnoid AND p.pronamespace=$1
ORDER BY p.proname

--: schema: inheritance
--> int8 {schema}
SELECT i.inhrelid relid, pc.relnamespace parent_ns, pc.oid parent_oid, i.inhseqno
FROM pg_catalog.pg_inherits i, pg_class rc, pg_class pc
WHERE rc.oid=i.inhrelid AND rc.relnamespace=$1 AND pc.oid=i.inhparent

--: schema: is the name taken
--> int8 {schema}, varchar customers, int8 {schema}, varchar customers
SELECT oid,relkind,reltype FROM pg_catalog.pg_class WHERE relnamespace=$1 AND relname=$2
UNION ALL
SELECT oid,'c',oid FROM pg_catalog.pg_type WHERE typnamespace=$3 AND typname=$4

--: tables
--> int8 {schema}
SELECT c.oid,c.*,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr,  pg_catalog.pg_get_partkeydef(c.oid) as partition_key 
FROM pg_catalog.pg_class c
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass
WHERE c.relnamespace=$1 AND c.relkind not in ('i','I','c')

--: table: by name
--> int8 {schema}, varchar customers
SELECT c.oid,c.*,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr,  pg_catalog.pg_get_partkeydef(c.oid) as partition_key 
FROM pg_catalog.pg_class c
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass
WHERE c.relnamespace=$1 AND c.relkind not in ('i','I','c') AND relname=$2

--: tables of the catalog
--> int8 {catalog}
SELECT c.oid,c.*,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr,  pg_catalog.pg_get_partkeydef(c.oid) as partition_key 
FROM pg_catalog.pg_class c
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass
WHERE c.relnamespace=$1 AND c.relkind not in ('i','I','c')

--: table: columns
--> int8 {table}
SELECT c.relname,a.*,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dsc.description,dep.objid
FROM pg_catalog.pg_attribute a
INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid)
LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum)
LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid)
LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum and dep.classid = dep.refclassid
WHERE NOT a.attisdropped AND c.relkind not in ('i','I','c') AND c.oid=$1
ORDER BY a.attnum

--: columns of all tables
--> int8 {schema}
SELECT c.relname,a.*,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dsc.description,dep.objid
FROM pg_catalog.pg_attribute a
INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid)
LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum)
LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid)
LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum and dep.classid = dep.refclassid
WHERE NOT a.attisdropped AND c.relkind not in ('i','I','c') AND c.relnamespace=$1
ORDER BY a.attnum

--: table: constraints
--> int8 {table}
SELECT c.oid,c.*,t.relname as tabrelname,rt.relnamespace as refnamespace,d.description, case when c.contype='c' then "substring"(pg_get_constraintdef(c.oid), 7) else null end consrc_copy
FROM pg_catalog.pg_constraint c
INNER JOIN pg_catalog.pg_class t ON t.oid=c.conrelid
LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid=c.confrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_constraint'::regclass
WHERE c.conrelid=$1
ORDER BY c.oid

--: constraints of all tables
--> int8 {schema}
SELECT c.oid,c.*,t.relname as tabrelname,rt.relnamespace as refnamespace,d.description, case when c.contype='c' then "substring"(pg_get_constraintdef(c.oid), 7) else null end consrc_copy
FROM pg_catalog.pg_constraint c
INNER JOIN pg_catalog.pg_class t ON t.oid=c.conrelid
LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid=c.confrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_constraint'::regclass
WHERE t.relnamespace=$1
ORDER BY c.oid

--: table: constraint's text
--> int8 {constraint}
SELECT pg_catalog.pg_get_constraintdef($1)

--: table: referring schemas
--> int8 {table}
SELECT DISTINCT connamespace FROM pg_catalog.pg_constraint WHERE confrelid=$1

--: table: indexes
--> int8 {table}
SELECT i.*,i.indkey as keys,c.relname,c.relnamespace,c.relam,c.reltablespace,tc.relname as tabrelname,dsc.description,pg_catalog.pg_get_expr(i.indpred, i.indrelid) as pred_expr,pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) as expr,pg_catalog.pg_relation_size(i.indexrelid) as index_rel_size,pg_catalog.pg_stat_get_numscans(i.indexrelid) as index_num_scans
FROM pg_catalog.pg_index i
INNER JOIN pg_catalog.pg_class c ON c.oid=i.indexrelid
INNER JOIN pg_catalog.pg_class tc ON tc.oid=i.indrelid
LEFT OUTER JOIN pg_catalog.pg_description dsc ON i.indexrelid=dsc.objoid
WHERE  i.indrelid=$1 ORDER BY c.relname

--: indexes of all tables
--> int8 {schema}
SELECT i.*,i.indkey as keys,c.relname,c.relnamespace,c.relam,c.reltablespace,tc.relname as tabrelname,dsc.description,pg_catalog.pg_get_expr(i.indpred, i.indrelid) as pred_expr,pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) as expr,pg_catalog.pg_relation_size(i.indexrelid) as index_rel_size,pg_catalog.pg_stat_get_numscans(i.indexrelid) as index_num_scans
FROM pg_catalog.pg_index i
INNER JOIN pg_catalog.pg_class c ON c.oid=i.indexrelid
INNER JOIN pg_catalog.pg_class tc ON tc.oid=i.indrelid
LEFT OUTER JOIN pg_catalog.pg_description dsc ON i.indexrelid=dsc.objoid
WHERE  c.relnamespace=$1 ORDER BY c.relname

--: table: index's text
--> int8 {index}
SELECT pg_catalog.pg_get_indexdef($1)

--: table: index's column
--> int8 {index}, int4 1
select pg_catalog.pg_get_indexdef($1, $2, true)

--: table: triggers
--> int8 {table}
SELECT x.oid,x.*,p.pronamespace as func_schema_id,d.description
FROM pg_catalog.pg_trigger x
LEFT OUTER JOIN pg_catalog.pg_proc p ON p.oid=x.tgfoid 
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=x.oid AND d.objsubid=0 
WHERE x.tgrelid = $1 AND NOT x.tgisinternal

--: table: trigger by name
--> int8 {table}, varchar none
SELECT x.oid,x.*,p.pronamespace as func_schema_id,d.description
FROM pg_catalog.pg_trigger x
LEFT OUTER JOIN pg_catalog.pg_proc p ON p.oid=x.tgfoid 
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=x.oid AND d.objsubid=0 
WHERE x.tgrelid = $1
AND x.tgname = $2 AND NOT x.tgisinternal

--: table: trigger's text
--> int8 {trigger}
SELECT pg_catalog.pg_get_triggerdef($1)

--: table: trigger's state
--> int8 {trigger}
SELECT tgenabled FROM pg_catalog.pg_trigger WHERE oid=$1

--: table: rules
SELECT r.oid,r.*, pg_get_ruledef(r.oid) AS definition
FROM pg_rewrite r
WHERE r.ev_class={table} AND r.rulename <> '_RETURN'::name

--: table: row security
--> varchar public, varchar customers
select * from pg_catalog.pg_policies where schemaname=$1 and tablename=$2

--: table: parents
--> int8 {table}
SELECT i.*,c.relnamespace FROM pg_catalog.pg_inherits i,pg_catalog.pg_class c WHERE i.inhrelid=$1 AND c.oid=i.inhparent ORDER BY i.inhseqno

--: table: children
--> int8 {table}
SELECT i.*,c.relnamespace FROM pg_catalog.pg_inherits i,pg_catalog.pg_class c WHERE i.inhparent=$1 AND c.oid=i.inhrelid

--: table: partition's range
--> varchar customers, int8 {schema}
select pg_get_expr(c.relpartbound, c.oid, true) as partition_range from "pg_catalog".pg_class c where relname = $1 and relnamespace = $2;

--: table: sizes
--> int8 {table}, int8 {table}
select pg_catalog.pg_total_relation_size($1) as total_rel_size,pg_catalog.pg_relation_size($2) as rel_size

--: table: foreign
--> int8 {table}
SELECT * FROM pg_catalog.pg_foreign_table WHERE ftrelid=$1

--: table: comment
--> varchar customers, varchar public
select description from pg_catalog.pg_description
join pg_catalog.pg_class on pg_description.objoid = pg_class.oid
join pg_catalog.pg_namespace on pg_class.relnamespace = pg_namespace.oid
where pg_class.relname = $1 and pg_namespace.nspname=$2

--: table: what depends on it
--> int8 {table}
SELECT DISTINCT dep.deptype, dep.classid, dep.objid, cl.relkind, attr.attname,pg_get_expr(ad.adbin, ad.adrelid) adefval,
    CASE WHEN cl.relkind IS NOT NULL THEN cl.relkind::text || COALESCE(dep.objsubid::text, '')::text
        WHEN tg.oid IS NOT NULL THEN 'T'::text
        WHEN ty.oid IS NOT NULL THEN 'y'::text
        WHEN ns.oid IS NOT NULL THEN 'n'::text
        WHEN pr.oid IS NOT NULL THEN 'p'::text
        WHEN la.oid IS NOT NULL THEN 'l'::text
        WHEN rw.oid IS NOT NULL THEN 'R'::text
        WHEN co.oid IS NOT NULL THEN 'C'::text || contype::text
        WHEN ad.oid IS NOT NULL THEN 'A'::text
        ELSE ''
    END AS type,
    COALESCE(coc.relname, clrw.relname, tgr.relname) AS ownertable,
    CASE WHEN cl.relname IS NOT NULL AND att.attname IS NOT NULL THEN cl.relname || '.' || att.attname
    ELSE COALESCE(cl.relname, co.conname, pr.proname, tg.tgname, ty.typname, la.lanname, rw.rulename, ns.nspname)
    END AS refname,
    COALESCE(nsc.nspname, nso.nspname, nsp.nspname, nst.nspname, nsrw.nspname, tgrn.nspname) AS nspname
FROM pg_depend dep
LEFT JOIN pg_class cl ON dep.objid=cl.oid
LEFT JOIN pg_attribute att ON dep.objid=att.attrelid AND dep.objsubid=att.attnum
LEFT JOIN pg_namespace nsc ON cl.relnamespace=nsc.oid
LEFT JOIN pg_proc pr ON dep.objid=pr.oid
LEFT JOIN pg_namespace nsp ON pr.pronamespace=nsp.oid
LEFT JOIN pg_trigger tg ON dep.objid=tg.oid
LEFT JOIN pg_class tgr ON tg.tgrelid=tgr.oid
LEFT JOIN pg_namespace tgrn ON tgr.relnamespace=tgrn.oid
LEFT JOIN pg_type ty ON dep.objid=ty.oid
LEFT JOIN pg_namespace nst ON ty.typnamespace=nst.oid
LEFT JOIN pg_constraint co ON dep.objid=co.oid
LEFT JOIN pg_class coc ON co.conrelid=coc.oid
LEFT JOIN pg_namespace nso ON co.connamespace=nso.oid
LEFT JOIN pg_rewrite rw ON dep.objid=rw.oid
LEFT JOIN pg_class clrw ON clrw.oid=rw.ev_class
LEFT JOIN pg_namespace nsrw ON clrw.relnamespace=nsrw.oid
LEFT JOIN pg_language la ON dep.objid=la.oid
LEFT JOIN pg_namespace ns ON dep.objid=ns.oid
LEFT JOIN pg_attrdef ad ON ad.oid=dep.objid
LEFT JOIN pg_attribute attr ON attr.attrelid=ad.adrelid and attr.attnum=ad.adnum
WHERE dep.refobjid=$1
ORDER BY type

--: table: what it depends on
--> int8 {table}
SELECT DISTINCT dep.deptype, dep.classid, dep.refobjid, cl.relkind, attr.attname,pg_get_expr(ad.adbin, ad.adrelid) adefval,
    CASE WHEN cl.relkind IS NOT NULL THEN cl.relkind::text || COALESCE(dep.objsubid::text, '')::text
        WHEN tg.oid IS NOT NULL THEN 'T'::text
        WHEN ty.oid IS NOT NULL THEN 'y'::text
        WHEN ns.oid IS NOT NULL THEN 'n'::text
        WHEN pr.oid IS NOT NULL THEN 'p'::text
        WHEN la.oid IS NOT NULL THEN 'l'::text
        WHEN rw.oid IS NOT NULL THEN 'R'::text
        WHEN co.oid IS NOT NULL THEN 'C'::text || contype::text
        WHEN ad.oid IS NOT NULL THEN 'A'::text
        ELSE ''
    END AS type,
    COALESCE(coc.relname, clrw.relname, tgr.relname) AS ownertable,
    CASE WHEN cl.relname IS NOT NULL AND att.attname IS NOT NULL THEN cl.relname || '.' || att.attname
    ELSE COALESCE(cl.relname, co.conname, pr.proname, tg.tgname, ty.typname, la.lanname, rw.rulename, ns.nspname)
    END AS refname,
    COALESCE(nsc.nspname, nso.nspname, nsp.nspname, nst.nspname, nsrw.nspname, tgrn.nspname) AS nspname
FROM pg_depend dep
LEFT JOIN pg_class cl ON dep.refobjid=cl.oid
LEFT JOIN pg_attribute att ON dep.refobjid=att.attrelid AND dep.objsubid=att.attnum
LEFT JOIN pg_namespace nsc ON cl.relnamespace=nsc.oid
LEFT JOIN pg_proc pr ON dep.refobjid=pr.oid
LEFT JOIN pg_namespace nsp ON pr.pronamespace=nsp.oid
LEFT JOIN pg_trigger tg ON dep.refobjid=tg.oid
LEFT JOIN pg_class tgr ON tg.tgrelid=tgr.oid
LEFT JOIN pg_namespace tgrn ON tgr.relnamespace=tgrn.oid
LEFT JOIN pg_type ty ON dep.refobjid=ty.oid
LEFT JOIN pg_namespace nst ON ty.typnamespace=nst.oid
LEFT JOIN pg_constraint co ON dep.refobjid=co.oid
LEFT JOIN pg_class coc ON co.conrelid=coc.oid
LEFT JOIN pg_namespace nso ON co.connamespace=nso.oid
LEFT JOIN pg_rewrite rw ON dep.refobjid=rw.oid
LEFT JOIN pg_class clrw ON clrw.oid=rw.ev_class
LEFT JOIN pg_namespace nsrw ON clrw.relnamespace=nsrw.oid
LEFT JOIN pg_language la ON dep.refobjid=la.oid
LEFT JOIN pg_namespace ns ON dep.refobjid=ns.oid
LEFT JOIN pg_attrdef ad ON ad.oid=dep.refobjid
LEFT JOIN pg_attribute attr ON attr.attrelid=ad.adrelid and attr.attnum=ad.adnum
WHERE dep.objid=$1
ORDER BY type

--: view: text
SELECT pg_get_viewdef({view}, true)

--: types
SELECT t.oid,t.*,c.relkind,format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name, d.description
FROM pg_catalog.pg_type t
LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid=t.typelem 
LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid=t.typrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid=d.objoid
WHERE t.typname IS NOT NULL
AND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C')

--: types of a schema
--> int8 {catalog}
SELECT t.oid,t.*,c.relkind,format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name, d.description
FROM pg_catalog.pg_type t
LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid=t.typelem 
LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid=t.typrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid=d.objoid
WHERE t.typname IS NOT NULL
AND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C')
AND t.typnamespace=$1

--: type: by OID
--> int8 {row}
SELECT t.oid,t.*,c.relkind,format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name FROM pg_catalog.pg_type t
LEFT OUTER JOIN pg_class c ON c.oid=t.typrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid=d.objoid
WHERE t.oid=$1

--: type: by name
--> varchar _customers
SELECT t.oid,t.*,format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name FROM pg_catalog.pg_type t
LEFT OUTER JOIN pg_class c ON c.oid=t.typrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid=d.objoid
WHERE t.typname=$1

--: type: labels
--> int8 1
SELECT e.enumlabel 
FROM pg_catalog.pg_enum e
WHERE e.enumtypid=$1
ORDER BY e.enumsortorder

--: type: domain's conditions
SELECT concat(c.conname, ' ', pg_catalog.pg_get_constraintdef(oid, true))
FROM pg_catalog.pg_constraint c
WHERE contypid = {row}

--: type: attributes
--> int8 {table}
SELECT c.relname,row_number() OVER (ORDER BY a.attnum) as attnum,a.*,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dsc.description
FROM pg_catalog.pg_attribute a
INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid)
LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum)
LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid)
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.oid=$1
ORDER BY a.attnum

--: functions
--> int8 {schema}
SELECT p.oid as poid,p.*,pg_catalog.pg_get_expr(p.proargdefaults, 0) as arg_defaults,d.description
FROM pg_catalog.pg_proc p
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=p.oid and d.classoid='pg_proc'::regclass  AND d.objsubid = 0
WHERE p.pronamespace=$1
ORDER BY p.proname

--: functions of the catalog
--> int8 {catalog}
SELECT p.oid as poid,p.*,pg_catalog.pg_get_expr(p.proargdefaults, 0) as arg_defaults,d.description
FROM pg_catalog.pg_proc p
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=p.oid and d.classoid='pg_proc'::regclass  AND d.objsubid = 0
WHERE p.pronamespace=$1
ORDER BY p.proname

--: function: by OID
--> int8 {schema}, int8 {function}
SELECT p.oid as poid,p.*,pg_catalog.pg_get_expr(p.proargdefaults, 0) as arg_defaults,d.description
FROM pg_catalog.pg_proc p
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=p.oid and d.classoid='pg_proc'::regclass  AND d.objsubid = 0
WHERE p.pronamespace=$1 AND p.oid=$2
ORDER BY p.proname

--: function: source
--> int8 {function}
SELECT prosrc FROM pg_proc where oid = $1

--: function: text
SELECT pg_get_functiondef({function})

--: function: aggregate's text
--> int8 2116
SELECT (pg_identify_object('pg_proc'::regclass, aggfnoid, 0)).identity,
aggtransfn::regproc,
format_type(aggtranstype, NULL) as aggtranstype,
CASE aggfinalfn WHEN '-'::regproc THEN NULL ELSE aggfinalfn::text END,
CASE aggsortop WHEN 0 THEN NULL ELSE oprname END,
agginitval, aggmtransfn, aggminvtransfn,
aggfinalextra, aggmfinalextra, aggserialfn, aggdeserialfn, aggmfinalfn,
format_type(aggmtranstype, NULL) as aggmtranstype
,aggfinalmodify, aggmfinalmodify FROM pg_aggregate
LEFT JOIN pg_operator ON pg_operator.oid = aggsortop
WHERE aggfnoid = $1::regproc

--: sequence
--> varchar public, varchar accounts_id_seq
SELECT * from pg_catalog.pg_sequences WHERE schemaname=$1 AND sequencename=$2

--: roles
SELECT a.oid,a.*,pd.description FROM pg_catalog.pg_roles a 
left join pg_catalog.pg_shdescription pd on a.oid = pd.objoid
ORDER BY a.rolname

--: role: members
--> int8 {role}
SELECT * FROM pg_catalog.pg_auth_members WHERE roleid=$1

--: role: memberships
--> int8 {role}
SELECT * FROM pg_catalog.pg_auth_members WHERE member=$1

--: role: settings
--> int8 {role}
select s.setconfig, pd.datname from pg_catalog.pg_db_role_setting s
left join pg_catalog.pg_database pd on s.setdatabase = pd.oid
where s.setrole = $1

--: role: rights on tables
--> varchar compat, varchar teller
SELECT * FROM information_schema.table_privileges WHERE table_catalog=$1 AND grantee=$2

--: role: rights on functions
--> varchar compat, varchar teller
SELECT * FROM information_schema.routine_privileges WHERE specific_catalog=$1 AND grantee=$2

--: role: rights on other objects
--> int8 {role}
SELECT * FROM (
	SELECT DISTINCT relnamespace,
	relacl,
	relname,
	relkind,
(aclexplode(relacl)).grantee as granteeI
FROM
	pg_class
WHERE
	relacl IS NOT NULL
	AND relnamespace IN (
SELECT oid
FROM pg_namespace
WHERE nspname NOT LIKE 'pg_%' AND nspname != 'information_schema')
UNION ALL
SELECT DISTINCT
	n.oid AS relnamespace,
	nspacl AS relacl,
	n.nspname AS relname,
	cast('C' as "char") AS relkind,
(aclexplode(nspacl)).grantee as granteeI
FROM
	pg_catalog.pg_namespace n
WHERE
	n.nspacl IS NOT NULL 
	) AS tr
WHERE tr.granteeI=$1 AND tr.relkind IN('S', 'm', 'C')

--: role: default rights
--> int8 {role}
SELECT DISTINCT g.* FROM (
SELECT *,
(aclexplode(defaclacl)).grantee as grantee
FROM pg_default_acl a WHERE a.defaclnamespace <> 0) as g
where g.grantee = $1

--: search: tables
--> varchar cust%, int8 {schema}
SELECT pc.oid,pc.relname,pc.relnamespace,pc.relkind FROM pg_catalog.pg_class pc WHERE pc.relkind in('r','v','m','f','p') AND pc.relname ILIKE $1 AND pc.relnamespace IN ($2) ORDER BY pc.relname LIMIT 100

--: search: tables, comments and texts
--> varchar %branch%, varchar %branch%, varchar %branch%, int8 {schema}
SELECT pc.oid,pc.relname,pc.relnamespace,pc.relkind FROM pg_catalog.pg_class pc WHERE pc.relkind in('r','v','m','f','p') AND (pc.relname ILIKE $1 OR obj_description(pc.oid, 'pg_class') ILIKE $2 OR (pc.relkind = 'v' AND pg_get_viewdef(pc."oid") ILIKE $3))AND pc.relnamespace IN ($4) ORDER BY pc.relname LIMIT 100

--: search: functions
--> varchar %transfer%, varchar %transfer%, int8 {schema}
SELECT pp.oid as poid, pp.* FROM pg_catalog.pg_proc pp WHERE (pp.proname ILIKE $1  OR (pp.prokind <> 'm' AND pp.prokind <> 'a' AND pg_get_functiondef(pp."oid") ILIKE $2))AND pp.pronamespace IN ($3) ORDER BY pp.proname LIMIT 100

--: search: constraints
--> varchar %card%, varchar %card%, int8 {schema}
SELECT pc.oid, pc.conname, pc.connamespace FROM pg_catalog.pg_constraint pc WHERE (pc.conname ILIKE $1  OR (pg_get_constraintdef(pc."oid") ILIKE $2))AND pc.connamespace IN ($3) ORDER BY pc.conname LIMIT 100

--: search: columns
--> varchar phone%, int8 {schema}
SELECT x.attname,x.attrelid,x.atttypid,c.relnamespace FROM pg_catalog.pg_attribute x, pg_catalog.pg_class c WHERE c.oid=x.attrelid AND x.attname ILIKE $1 AND c.relnamespace IN ($2) ORDER BY x.attname LIMIT 100

--: sessions
SELECT sa.* FROM pg_catalog.pg_stat_activity sa

--: locks
with locks as ( select pid,locktype, mode,granted,transactionid tid,relation,page,tuple from pg_locks ), conflict as ( select * from (values ('AccessShareLock','AccessExclusiveLock',1), ('RowShareLock','ExclusiveLock',1), ('RowShareLock','AccessExclusiveLock',2), ('RowExclusiveLock','ShareLock', 1), ('RowExclusiveLock','ShareRowExclusiveLock',2), ('RowExclusiveLock','ExclusiveLock',3), ('RowExclusiveLock','AccessExclusiveLock',4), ('ShareUpdateExclusiveLock','ShareUpdateExclusiveLock',1), ('ShareUpdateExclusiveLock','ShareLock',2), ('ShareUpdateExclusiveLock','ShareRowExclusiveLock',3), ('ShareUpdateExclusiveLock','ExclusiveLock', 4), ('ShareUpdateExclusiveLock','AccessExclusiveLock',5), ('ShareLock','RowExclusiveLock',1), ('ShareLock','ShareUpdateExclusiveLock',2), ('ShareLock','ShareRowExclusiveLock',3), ('ShareLock','ExclusiveLock',4), ('ShareLock','AccessExclusiveLock',5), ('ShareRowExclusiveLock','RowExclusiveLock', 1), ('ShareRowExclusiveLock','ShareUpdateExclusiveLock', 2), ('ShareRowExclusiveLock','ShareLock', 3), ('ShareRowExclusiveLock','ShareRowExclusiveLock',4), ('ShareRowExclusiveLock','ExclusiveLock',5), ('ShareRowExclusiveLock','AccessExclusiveLock', 6), ('ExclusiveLock','RowShareLock',1), ('ExclusiveLock','RowExclusiveLock',2), ('ExclusiveLock','ShareUpdateExclusiveLock',3), ('ExclusiveLock','ShareLock',4), ('ExclusiveLock','ShareRowExclusiveLock',5), ('ExclusiveLock','ExclusiveLock',6), ('ExclusiveLock','AccessExclusiveLock',7), ('AccessExclusiveLock','AccessShareLock',1), ('AccessExclusiveLock','RowShareLock',2), ('AccessExclusiveLock','RowExclusiveLock',3), ('AccessExclusiveLock','ShareUpdateExclusiveLock',4), ('AccessExclusiveLock','ShareLock',5), ('AccessExclusiveLock','ShareRowExclusiveLock',6), ('AccessExclusiveLock','ExclusiveLock',7), ('AccessExclusiveLock','AccessExclusiveLock',8) ) as t (mode1,mode2,prt) ) ,real_locks as (select la.pid as blocked_pid, blocked_activity.usename AS blocked_user, la.blocked AS blocking_pid, blocking_activity.usename AS blocking_user, blocked_activity.query AS blocked_statement, blocking_activity.query AS statement_in from ( select l.*, c.mode2, c.prt, l2.pid blocked, row_number() over(partition by l.pid order by c.prt) rid from locks l join conflict c on l.mode = c.mode1 join locks l2 on l2.locktype = l.locktype and l2.mode = c.mode2 and l2.granted and l.pid != l2.pid and coalesce(l.tid::text,'*') ||':'|| coalesce(l.relation::text,'*') ||':'|| coalesce(l.page::text,'*') ||':'|| coalesce(l.tuple::text,'*') = coalesce(l2.tid::text,'*') ||':'|| coalesce(l2.relation::text,'*') ||':'|| coalesce(l2.page::text,'*') ||':'|| coalesce(l2.tuple::text,'*') where not l.granted ) la join pg_catalog.pg_stat_activity blocked_activity ON blocked_activity.pid = la.pid join pg_catalog.pg_stat_activity blocking_activity ON blocking_activity.pid = la.blocked where la.rid = 1) , root_quest as ( select blocking_pid as blocking_pid from real_locks except select blocked_pid from real_locks ) select blocked_pid, blocked_user, blocking_pid, blocking_user, blocked_statement, statement_in from real_locks union select real_locks.blocking_pid, real_locks.blocking_user, null::integer, null::text, real_locks.statement_in, null::text from real_locks, root_quest where real_locks.blocking_pid = root_quest.blocking_pid

--: locks: of a process
--> int4 1
select coalesce(db.datname,'') as datname, coalesce(lock.locktype,'') as locktype, coalesce(lock.relation::regclass::varchar,'') as relation, coalesce(lock.mode,'') as mode, coalesce(lock.transactionid::varchar,'') as tid, lock.page as page, lock.tuple as tuple, lock.pid as pid, lock.granted from pg_catalog.pg_locks lock left join pg_catalog.pg_database db on db.oid = lock.database where lock.pid = $1

--: pgjdbc: type's name by OID
--> oid {row}
SELECT n.nspname = ANY(current_schemas(true)), n.nspname, t.typname FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON t.typnamespace = n.oid WHERE t.oid = $1

--: pgjdbc: type's kind
--> oid {row}
SELECT typinput='pg_catalog.array_in'::regproc as is_array, typtype, typname, pg_type.oid   FROM pg_catalog.pg_type   LEFT JOIN (select ns.oid as nspoid, ns.nspname, r.r           from pg_namespace as ns           join ( select s.r, (current_schemas(false))[s.r] as nspname                    from generate_series(1, array_upper(current_schemas(false), 1)) as s(r) ) as r          using ( nspname )        ) as sp     ON sp.nspoid = typnamespace  WHERE pg_type.oid = $1  ORDER BY sp.r, pg_type.oid DESC

--: pgjdbc: elements of an array
--> oid 1009
SELECT e.oid, n.nspname = ANY(current_schemas(true)), n.nspname, e.typname FROM pg_catalog.pg_type t JOIN pg_catalog.pg_type e ON t.typelem = e.oid JOIN pg_catalog.pg_namespace n ON t.typnamespace = n.oid WHERE t.oid = $1

--: pgjdbc: what the columns of a result are
SELECT c.oid, a.attnum, a.attname, c.relname, n.nspname, a.attnotnull OR (t.typtype = 'd' AND t.typnotnull), a.attidentity != '' OR pg_catalog.pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval(%' FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON (c.relnamespace = n.oid) JOIN pg_catalog.pg_attribute a ON (c.oid = a.attrelid) JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid) LEFT JOIN pg_catalog.pg_attrdef d ON (d.adrelid = a.attrelid AND d.adnum = a.attnum) JOIN (SELECT {table} AS oid , 1 AS attnum UNION ALL SELECT {table}, 2 UNION ALL SELECT {table}, 3 UNION ALL SELECT {table}, 4 UNION ALL SELECT {table}, 5 UNION ALL SELECT {table}, 6 UNION ALL SELECT {table}, 7 UNION ALL SELECT {table}, 8 UNION ALL SELECT {table}, 9 UNION ALL SELECT {table}, 10 UNION ALL SELECT {table}, 11 UNION ALL SELECT {table}, 12 UNION ALL SELECT {table}, 13) vals ON (c.oid = vals.oid AND a.attnum = vals.attnum)

--: data: open
--= * 9001 9002 9003
SELECT x.* FROM public.customers x

--: data: open, limited by SQL
--= * 9001 9002
SELECT x.* FROM public.customers x
ORDER BY x.id
LIMIT 2

--: data: next page
--= * 9003
SELECT x.* FROM public.customers x
ORDER BY x.id
LIMIT 2 OFFSET 2

--: data: row count
--= = 3
SELECT COUNT(*) FROM public.customers

--: data: row count of a filter
--= = 1
SELECT COUNT(*) FROM public.customers
WHERE phone = '13912345678'

--: data: ordered by an open column
--= * 9003 9001 9002
SELECT x.* FROM public.customers x
ORDER BY x.branch_id,x.id DESC

--: data: ordered by a protected column
--= * 9003 9002 9001
SELECT x.* FROM public.customers x
ORDER BY x.phone DESC

--: data: filter by an open column
--= * 9001 9003
SELECT x.* FROM public.customers x
WHERE branch_id = 1
ORDER BY x.id

--: data: filter by a value
--= * 9002
SELECT x.* FROM public.customers x
WHERE phone = '13912345678'

--: data: filter by several values
--= * 9001 9002
SELECT x.* FROM public.customers x
WHERE phone IN ('13812345678','13912345678')
ORDER BY x.id

--: data: filter by a value or nothing
--= * 9002
SELECT x.* FROM public.customers x
WHERE phone IS NULL OR x.phone IN ('13912345678')

--: data: filter by another value
--= * 9001 9003
SELECT x.* FROM public.customers x
WHERE phone <> '13912345678'
ORDER BY x.id

--: data: filter by two columns
--= * 9001
SELECT x.* FROM public.customers x
WHERE (branch_id = 1) AND (phone = '13812345678')

--: data: filter by no value
--= * 9003
SELECT x.* FROM public.customers x
WHERE notes IS NULL

--: data: filter by a date
--= * 9001
SELECT x.* FROM public.customers x
WHERE birth_date = '1990-03-07'

--: data: filter by a beginning
--= * 9001
SELECT x.* FROM public.customers x
WHERE phone LIKE '138%'

--: data: filter by a range
--= * 9003
SELECT x.* FROM public.customers x
WHERE birth_date > '1995-01-01'

--: data: filter by hand
--= * 9001
SELECT x.* FROM public.customers x
WHERE id_card = '110101199003074514' AND branch_id < 5

--: data: filter of a query's result
--= id,name,phone 9002
SELECT * FROM (
SELECT id, name, phone FROM customers
) dbvrcnt WHERE phone = '13912345678' ORDER BY dbvrcnt.id

--: data: count of a query's result
--= = 3
SELECT COUNT(*) FROM (SELECT id, name, phone FROM customers) dbvrcnt

--: data: a cell's whole value
--> int8 9001
--= notes 9001
SELECT notes FROM public.customers WHERE id=$1

--: data: read a row again
--> int8 9002
--= * 9002
SELECT x.* FROM public.customers x WHERE x.id=$1

--: data: values of a column
SELECT DISTINCT branch_id
FROM public.customers
ORDER BY 1

--: data: values of a column, counted
SELECT branch_id, count(*)
FROM public.customers
GROUP BY branch_id
ORDER BY 2 DESC

--: data: values of a protected column
--= phone 9001 9002 9003
SELECT DISTINCT phone
FROM public.customers
ORDER BY 1

--: data: values of a protected column, counted
--> varchar %13912345678%
SELECT phone, count(*)
FROM public.customers
WHERE phone LIKE $1
GROUP BY phone
ORDER BY 2 DESC

--: data: how many values
--= = 2
SELECT COUNT(DISTINCT branch_id)
FROM public.customers

--: data: how many values of a protected column
--= = 3
SELECT COUNT(DISTINCT phone)
FROM public.customers

--: data: dictionary of a foreign key
SELECT id, name FROM public.branches ORDER BY id ASC

--: data: dictionary, by key
--> int4 1, int4 2
SELECT id, name FROM public.branches WHERE id IN ($1,$2)

--: data: dictionary, searched
--> varchar %海%
SELECT id, name FROM public.branches WHERE (name ILIKE $1) ORDER BY id ASC

--: data: dictionary of customers
--= id,name 9001 9002 9003
SELECT id, name FROM public.customers ORDER BY id ASC

--: data: a view
SELECT x.* FROM public.branch_sizes x

--: data: statistics of nothing
SELECT x.* FROM public.transfers x
ORDER BY x.at DESC
LIMIT 200

--: edit: a cell
--> varchar new@example.com, int8 9001
--= # 1
UPDATE public.customers
	SET email=$1
	WHERE id=$2

--: edit: a protected cell
--> varchar 13700000000, int8 9001
--= # 1
UPDATE public.customers
	SET phone=$1
	WHERE id=$2
--then
--= = 1
SELECT COUNT(*) FROM public.customers
WHERE phone = '13700000000'

--: edit: two cells
--> varchar changed, int4 1, int8 9002
--= # 1
UPDATE public.customers
	SET notes=$1,version=$2
	WHERE id=$3
--then
--= = 1
SELECT version FROM public.customers WHERE id=9002

--: edit: a date
--> none 1970-01-31, int8 9002
--= # 1
UPDATE public.customers
	SET birth_date=$1
	WHERE id=$2

--: edit: an amount
--> numeric 77.5, int8 9002
--= # 1
UPDATE public.customers
	SET credit_limit=$1
	WHERE id=$2

--: edit: no value
--> varchar NULL, int8 9002
--= # 1
UPDATE public.customers
	SET phone=$1
	WHERE id=$2
--then
--= = 1
SELECT COUNT(*) FROM public.customers
WHERE phone IS NULL

--: edit: a row without a key's use
--> varchar other@example.com, varchar 13912345678
--= # 1
UPDATE public.customers
	SET email=$1
	WHERE phone=$2

--: edit: a new row
--> int8 9004, varchar 赵六, varchar 110101199912310018, varchar 13600000000, varchar zhao@example.com, none 1999-12-31, numeric 1, varchar NULL, int4 1, none {a}, int4 0, none 2026-01-02 03:04:05+00
--= # 1
INSERT INTO public.customers
(id, "name", id_card, phone, email, birth_date, credit_limit, notes, branch_id, tags, "version", created_at)
VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
--then
--= = 1
SELECT COUNT(*) FROM public.customers
WHERE id_card = '110101199912310018'

--: edit: a new row with its key given back
--> varchar 钱七, varchar 110101199912310026
--= # 1
INSERT INTO public.customers
("name", id_card)
VALUES($1, $2) RETURNING *
--then
--= = 1
SELECT COUNT(*) FROM public.customers
WHERE id_card = '110101199912310026'

--: edit: a copy of a row is a duplicate
--> int8 9005, varchar 张伟, varchar 110101199003074514
--= ! 23505
INSERT INTO public.customers
(id, "name", id_card)
VALUES($1, $2, $3)

--: edit: delete a row
--> int8 9003
--= # 1
DELETE FROM public.customers
	WHERE id=$1
--then
--= = 2
SELECT COUNT(*) FROM public.customers

--: plan
EXPLAIN (FORMAT XML,COSTS FALSE) SELECT id, branch_id FROM customers WHERE branch_id = 1
