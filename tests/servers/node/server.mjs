// A SCIM server on scimmy and scimmy-routers: `node server.mjs PORT TOKEN`, base address /scim/v2.
// The library does protocol, PATCH, Bulk and paging; rows, uniqueness and 404 are the handlers' below.
import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import Routers from "scimmy-routers";

const [port, token] = process.argv.slice(2);
const { Types: { Error: ScimError }, Resources: { User, Group } } = SCIMMY;

const missing = (id) => new ScimError(404, null, `Resource ${id} not found`);

const store = (unique) => {
  const rows = new Map();
  const key = (row) => String(row[unique]).toLowerCase();

  const ingress = async ({ id = null }, data) => {
    for (const [otherId, row] of rows) {
      if (otherId !== id && key(row) === key(data)) throw new ScimError(409, "uniqueness", `${unique} already exists`);
    }
    if (id && !rows.has(id)) throw missing(id);
    const { schemas, meta, ...plain } = JSON.parse(JSON.stringify(data));
    const now = new Date().toISOString();
    const rowId = id ?? randomUUID();
    const row = { ...plain, id: rowId, meta: { created: rows.get(rowId)?.meta.created ?? now, lastModified: now } };
    rows.set(rowId, row);
    return row;
  };

  const egress = async ({ id, filter }) => {
    if (id) {
      if (!rows.has(id)) throw missing(id);
      return rows.get(id);
    }
    const all = [...rows.values()];
    return filter ? filter.match(all) : all;
  };

  const degress = async ({ id }) => {
    if (!rows.delete(id)) throw missing(id);
  };

  return { ingress, egress, degress };
};

User.extend(SCIMMY.Schemas.EnterpriseUser, false);
SCIMMY.Resources.declare(User, store("userName")).declare(Group, store("displayName"));

const handler = (request) => {
  if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("The bearer token is missing or wrong.");
  return "client";
};

const server = express()
  .use("/scim/v2", new Routers({ type: "bearer", handler }))
  .listen(Number(port), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/scim/v2`));
