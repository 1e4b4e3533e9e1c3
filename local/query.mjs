// node query.mjs DATABASE < SQL: runs the statements, prints the rows of the last one as a JSON array. It uses the
// SQLite that the server uses, because another version may not read what that one wrote.
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";

const database = new DatabaseSync(process.argv[2], { timeout: 10_000 });
let sql = (await text(process.stdin)).trim();
let rows = [];
try {
  while (sql) {
    const statement = database.prepare(sql);
    rows = statement.all();
    sql = sql.slice(statement.sourceSQL.length).trim();
  }
  console.log(JSON.stringify(rows));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  database.close();
}
