// A SCIM 2.0 service by scimmy-routers on express, with made-up users. Prints `listening on URL`.
//   node server.mjs COUNT TOKEN
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const [count, token] = [Number(process.argv[2]), process.argv[3]];
const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const id = (n) => `scim-${String(n).padStart(6, "0")}`;

// Every tenth person has left; everyone but the first has a manager; every seventh has no employee number.
const users = Array.from({ length: count }, (_, n) => ({
  id: id(n),
  userName: `person${n}@northwind.example`,
  displayName: `Person ${n}`,
  active: n % 10 !== 9,
  userType: n % 4 === 3 ? "Contractor" : "Employee",
  emails: [{ value: `person${n}@home.example`, type: "home" }, { value: `person.${n}@northwind.example`, type: "work", primary: true }],
  [enterprise]: {
    department: `Department ${n % 5}`,
    ...(n % 7 === 6 ? {} : { employeeNumber: String(1000 + n) }),
    ...(n === 0 ? {} : { manager: { value: id(Math.floor(n / 10)) } }),
  },
  meta: { created: new Date(0), lastModified: new Date(0) },
}));

SCIMMY.Config.set({ filter: { supported: true, maxResults: 200 } });
SCIMMY.Resources.declare(SCIMMY.Resources.User)
  .extend(SCIMMY.Schemas.EnterpriseUser, false)
  .egress((resource) => (resource.id ? users.filter((user) => user.id === resource.id) : users))
  .ingress(() => { throw new SCIMMY.Types.Error(501, null, "read only"); })
  .degress(() => { throw new SCIMMY.Types.Error(501, null, "read only"); });

const app = express();
app.use("/scim/v2", new SCIMMYRouters({
  type: "bearer",
  handler: (request) => {
    if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("The token is not known.");
    return "muster";
  },
}));
const server = app.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}/scim/v2`));
