// The benchmark's eight questions in SQL. Usage: node duckdb.mjs FOLDER > findings.json
//
// Its fastest form, found by measuring: explicit columns that name only the members needed (DuckDB then skips the rest of each object), one scan a file,
// the lists of members folded to one row a workspace while they are read, the roster joined to the users by address and then grouped by row number
// (an integer) instead of by address (a string). Two threads, no order to keep.
import { readFileSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";

const folder = process.argv[2];
const asOf = "TIMESTAMP '2026-11-20 08:00:00'";
const today = "DATE '2026-11-20'"; // the day of as_of in New York, where HR counts days
const file = (name) => `'${folder}/snapshot/data/${name}.jsonl'`;
const objects = (name, members) => `read_json(${file(name)}, format='newline_delimited', columns={object: 'STRUCT(${members})'})`;
const entries = (name) => readFileSync(`${folder}/${name}`, "utf8").split("\n").filter((line) => line.startsWith("- {")); // one entry a line
const value = (entry, key) => entry.match(new RegExp(`${key}: ([^,}]+)`))[1];
const list = (texts) => (texts.length ? texts.map((text) => `('${text.replaceAll("'", "''")}')`).join(",") : "(NULL)");

const database = await DuckDBInstance.create(":memory:", { threads: "2" });
const db = await database.connect();
await db.run("SET preserve_insertion_order = false");

const links = entries("links.yaml").map((entry) => [value(entry, "account"), value(entry, "person")]);
await db.run("CREATE TEMP TABLE links(account VARCHAR, person VARCHAR)");
if (links.length) await db.run(`INSERT INTO links VALUES ${links.map(([a, p]) => `('${a}', '${p}')`).join(",")}`);
await db.run(`CREATE TEMP TABLE nonhuman AS SELECT lower(v) AS account FROM (VALUES ${list(entries("nonhuman.yaml").map((entry) => value(entry, "account")))}) t(v)`);

await db.run(`CREATE TEMP TABLE users AS
  SELECT object.id AS id, lower(object.email) AS email, object.role AS role FROM ${objects("users", "id VARCHAR, email VARCHAR, role VARCHAR")}`);

// A row of the roster is a tenure. `here`: it runs today. `ahead`: it has not begun.
await db.run(`CREATE TEMP TABLE tenures AS
  SELECT employee_id AS person, lower(work_email) AS email, lower(former_emails) AS former, last_day,
         coalesce(hired <= ${today}, true) AND CASE WHEN status = 'Terminated' THEN last_day >= ${today} ELSE last_day IS NULL OR last_day >= ${today} END IS TRUE AS here,
         coalesce(hired > ${today}, false) AS ahead
  FROM read_csv('${folder}/hr/roster.csv', header=true, delim=',', quote='"', escape='"', auto_detect=false, columns={
    employee_id: 'VARCHAR', display_name: 'VARCHAR', work_email: 'VARCHAR', former_emails: 'VARCHAR', status: 'VARCHAR', hired: 'DATE', last_day: 'DATE',
    worker_type: 'VARCHAR', manager_id: 'VARCHAR', department: 'VARCHAR', location: 'VARCHAR'})`);

// What the tenures under one address make of an account. Two running tenures are two people only when their numbers differ. Most accounts have exactly one and are
// done with here: the rest is a twentieth.
const linked = "SELECT account FROM links";
const found = `count(person) AS tenures, count(*) FILTER (here) AS running, coalesce(bool_or(ahead), false) AS ahead,
  count(*) FILTER (last_day IS NULL AND NOT here AND NOT ahead) AS undated, max(last_day) AS last_day`;
await db.run(`CREATE TEMP TABLE unclear AS
  WITH grouped AS (
    SELECT row, ${found} FROM (SELECT users.rowid AS row, person, here, ahead, last_day FROM users LEFT JOIN tenures USING (email)) GROUP BY row HAVING running <> 1)
  SELECT grouped.*, id, users.email FROM grouped JOIN users ON users.rowid = grouped.row WHERE id NOT IN (${linked})`);
// Those whose own address leads nowhere: plus tag, former address, alias of the domain, in this order; the first that finds somebody decides. A link goes before all.
await db.run(`CREATE TEMP TABLE others AS
  WITH strays AS (
      SELECT id, email, NULL::VARCHAR AS linked FROM unclear WHERE tenures = 0
      UNION ALL SELECT id, email, links.person FROM users JOIN links ON links.account = users.id),
    matches AS (
      SELECT id, 0 AS strategy, person, here, ahead, last_day FROM strays JOIN tenures ON person = linked
      UNION ALL SELECT id, 1, person, here, ahead, last_day FROM strays JOIN tenures ON tenures.email = regexp_replace(strays.email, '\\+[^@]*@', '@') WHERE contains(strays.email, '+')
      UNION ALL SELECT id, 2, person, here, ahead, last_day FROM strays JOIN tenures ON former = strays.email AND former <> ''
      UNION ALL SELECT id, 3, person, here, ahead, last_day FROM strays JOIN tenures ON tenures.email = replace(strays.email, '@nw.example', '@northwind.example')
        WHERE suffix(strays.email, '@nw.example')),
    best AS (SELECT id, min(strategy) AS strategy FROM matches GROUP BY id)
  SELECT id, min(person) FILTER (here) <> max(person) FILTER (here) AS ambiguous, ${found} FROM matches JOIN best USING (id, strategy) GROUP BY id`);
await db.run(`CREATE TEMP TABLE accounts AS
  WITH twice AS (
      SELECT id FROM unclear JOIN tenures USING (email) WHERE running > 1 AND here GROUP BY id HAVING min(person) <> max(person)),
    judged AS (
      SELECT id, email, tenures, running, running > 1 AND id IN (FROM twice) AS ambiguous, ahead, undated, last_day FROM unclear WHERE id NOT IN (SELECT id FROM others)
      UNION ALL SELECT id, NULL, tenures, running, coalesce(ambiguous, false), ahead, undated, last_day FROM others)
  SELECT id, running = 0 OR ambiguous AS unlinked,
         tenures > 0 AND running = 0 AND NOT ahead
           AND (undated > 0 OR timezone('UTC', timezone('America/New_York', (last_day + 1)::TIMESTAMP)) + INTERVAL 1 DAY <= ${asOf}) AS overdue
  FROM judged WHERE (running = 0 OR ambiguous) AND coalesce(email, '') NOT IN (SELECT account FROM nonhuman WHERE account IS NOT NULL)`);

await db.run(`CREATE TEMP TABLE listed AS
  SELECT object.workspace_id AS workspace, list(object.user_id) FILTER (object.workspace_role = 'workspace_admin') AS admins
  FROM ${objects("workspace_members", "user_id VARCHAR, workspace_id VARCHAR, workspace_role VARCHAR")} GROUP BY 1`);
await db.run(`CREATE TEMP TABLE workspaces AS
  SELECT object.id AS id, object.name = 'Default' AS is_default, object.archived_at IS NOT NULL AS archived FROM ${objects("workspaces", "id VARCHAR, name VARCHAR, archived_at VARCHAR")}`);
await db.run(`CREATE TEMP TABLE keys AS
  SELECT object.id AS id, object.expires_at IS NULL AS never, object.created_at < ${asOf} - INTERVAL 90 DAY AS old, object.created_by.id AS maker
  FROM ${objects("api_keys", "id VARCHAR, status VARCHAR, created_at TIMESTAMP, expires_at VARCHAR, created_by STRUCT(id VARCHAR)")} WHERE object.status = 'active'`);
await db.run(`CREATE TEMP TABLE services AS
  SELECT object.id AS id FROM ${objects("service_accounts", "id VARCHAR, archived_at VARCHAR")} WHERE object.archived_at IS NULL`);

const result = await db.runAndReadAll(`
  SELECT 'accounts.linked_to_roster', id FROM accounts WHERE unlinked
  UNION ALL SELECT 'accounts.leavers_removed', id FROM accounts WHERE overdue
  UNION ALL SELECT 'admins.count', object.id FROM ${objects("organizations", "id VARCHAR")}
    WHERE (SELECT count(*) FROM users WHERE role IN ('admin', 'owner', 'primary_owner')) NOT BETWEEN 2 AND 5
  UNION ALL SELECT 'keys.no_expiry', id FROM keys WHERE never
  UNION ALL SELECT 'keys.max_age', id FROM keys WHERE old
  UNION ALL SELECT 'keys.creator_in_organization', keys.id FROM keys ANTI JOIN users ON users.id = maker ANTI JOIN services ON services.id = maker WHERE maker IS NOT NULL
  UNION ALL SELECT 'workspaces.has_members', id FROM workspaces WHERE NOT archived AND NOT is_default AND id NOT IN (SELECT workspace FROM listed)
  UNION ALL (SELECT 'admins.workspace_spread', admin FROM (SELECT unnest(admins) AS admin FROM listed JOIN workspaces ON workspaces.id = workspace WHERE NOT archived)
             GROUP BY admin HAVING count(*) > 3)`);
const [rules, ids] = result.getColumns();
const findings = {};
for (let i = 0; i < rules.length; ++i) (findings[rules[i]] ??= []).push(ids[i]);
process.stdout.write(JSON.stringify(findings) + "\n");
