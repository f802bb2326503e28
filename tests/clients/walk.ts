// Walks every list of a server to its end, in types that strict TypeScript accepts; prints counts.
import { connect, paginate } from "./paginate.js";
import type { components } from "./dateline.js";

type Schemas = components["schemas"];

const client = connect(process.argv[2] ?? "");
const counts: Record<string, number> = {};

async function count<T>(name: string, records: AsyncGenerator<T>, id: (record: T) => string) {
  const seen = new Set<string>();
  for await (const record of records) seen.add(id(record));
  counts[name] = seen.size;
}

const limit = 40;
const byId = (record: { id: string }) => record.id;

await count("places", paginate((cursor) => client.GET("/api/v1/places/", { params: { query: { limit, cursor } } })), byId);
await count("actors", paginate((cursor) => client.GET("/api/v1/actors/", { params: { query: { limit, cursor } } })), byId);
await count("sources", paginate((cursor) => client.GET("/api/v1/sources/", { params: { query: { limit, cursor } } })), byId);
await count("documents", paginate((cursor) => client.GET("/api/v1/documents/", { params: { query: { limit, cursor } } })), byId);
await count("events", paginate((cursor) => client.GET("/api/v1/events/", { params: { query: { limit, cursor } } })), byId);
await count("claims", paginate((cursor) => client.GET("/api/v1/claims/", { params: { query: { limit, cursor } } })), byId);
await count(
  "contradictions",
  paginate((cursor) => client.GET("/api/v1/contradictions/", { params: { query: { limit, cursor } } })),
  byId,
);
await count("datasets", paginate((cursor) => client.GET("/api/v1/datasets/", { params: { query: { limit, cursor } } })), (set) => set.slug);
await count("changes", paginate((cursor) => client.GET("/api/v1/changes/", { params: { query: { limit, cursor } } })), (change) => String(change.seq));

const { data: lists } = await client.GET("/api/v1/vocabularies/");
counts["vocabularies"] = lists?.results.length ?? 0;

const { data: papers } = await client.GET("/api/v1/sources/", { params: { query: { name: "The Paper" } } });
const id = papers?.results[0]?.id ?? "";
await count(
  "versions",
  paginate((cursor) => client.GET("/api/v1/sources/{id}/history/", { params: { path: { id }, query: { limit: 2, cursor } } })),
  ({ version }) => String(version),
);

// Null, enums and open codes have the types that the answers have.
const { data: page } = await client.GET("/api/v1/claims/", {
  params: { query: { kind: ["control", "!quantity"], expand: ["claimant", "places"], limit: 1 } },
});
const claim: Schemas["Claim"] | undefined = page?.results[0];
if (!claim) throw new Error("there is no claim of control");
const next: string | null = page?.next ?? null;
const polarity: Schemas["Polarity"] = claim.polarity;
const kind: string = claim.kind;
const earliest: string | null | undefined = claim.said?.earliest;
const sources: Schemas["Source"][] = page?.included?.sources ?? [];
if (sources[0]?.id !== claim.claimant.id) throw new Error("the claimant is not included");

const { data: battles } = await client.GET("/api/v1/events/", { params: { query: { type: ["battle", "strike"] } } });

const { data: one } = await client.GET("/api/v1/claims/{id}/", { params: { path: { id: claim.id } } });
if (one?.statement !== claim.statement) throw new Error("the record is not the one of the list");

const { error, response } = await client.GET("/api/v1/claims/{id}/", { params: { path: { id: "nonsense" } } });
const problem: Schemas["Problem"] | undefined = error;
if (response.status !== 404 || !problem?.detail.includes("nonsense")) throw new Error("no problem is told");

// A code is answered with the address of its record, which `fetch` follows.
const { data: coded } = await client.GET("/api/v1/places/{id}/", { params: { path: { id: "iso3166-1:LA" } } });
if (coded?.name !== "Landia") throw new Error("a code does not lead to its place");

const { data: found } = await client.GET("/api/v1/search/", { params: { query: { q: "oakford" } } });
const places: Schemas["Place"][] = found?.results.places ?? [];

console.log(
  JSON.stringify({
    counts,
    next,
    polarity,
    kind,
    earliest,
    battles: battles?.results.map(({ title }) => title),
    places: places.map(({ name }) => name),
  }),
);
