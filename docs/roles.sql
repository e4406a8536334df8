-- The roles and the database of a Lyceum deployment, for a superuser to run once, before the first `lyceum migrate up`:
--
--     LYCEUM_OWNER_PASSWORD=… LYCEUM_SERVER_PASSWORD=… psql --set ON_ERROR_STOP=1 --file docs/roles.sql postgres
--
-- psql 15 or later (\getenv). docker-compose.yml lets the PostgreSQL image run this file when its volume is new.

\set owner_password ''
\set server_password ''
\getenv owner_password LYCEUM_OWNER_PASSWORD
\getenv server_password LYCEUM_SERVER_PASSWORD

-- What the server may do: migrations grant to this role. Migration 0001 makes it where it is missing, and then the owner
-- needs CREATEROLE; made here, the owner needs no right over roles, and the server's login can exist before the schema.
CREATE ROLE lyceum_app NOLOGIN;

-- Owns the tables: migrations, demo school. Row-level security does not bind it, so `serve` refuses it.
CREATE ROLE lyceum_owner LOGIN PASSWORD :'owner_password';

-- What `serve` connects with. Owns nothing.
CREATE ROLE lyceum_server LOGIN PASSWORD :'server_password' IN ROLE lyceum_app;

CREATE DATABASE lyceum OWNER lyceum_owner TEMPLATE template0 ENCODING 'UTF8';
-- A new database lets everybody connect and make temporary tables. Migrations take the second away as well, and `serve` refuses
-- a role that may still make them.
REVOKE ALL ON DATABASE lyceum FROM PUBLIC;
GRANT CONNECT ON DATABASE lyceum TO lyceum_server;
