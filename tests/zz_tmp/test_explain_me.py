import random, re, time
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests import factories as f, api_world
def test_explain(world, client):
    rng=random.Random(1)
    from records import workspace
    rows={}
    for c in range(2):
        rows[f.ident("places",f"c{c}")]={"name":f"C{c}","kind":"country","country":"AA"}
        for r in range(10):
            rows[f.ident("places",f"r{c}.{r}")]={"name":f"R{c}.{r}","kind":"admin1","country":"AA","parent":str(f.ident("places",f"c{c}"))}
            for t in range(10):
                rows[f.ident("places",f"t{c}.{r}.{t}")]={"name":f"T{c}.{r}.{t}","kind":"town","country":"AA","parent":str(f.ident("places",f"r{c}.{r}"))}
    workspace.apply("places",rows); f.publish(*[("places",i) for i in rows])
    types=["battle.clash","battle.offensive","territory.withdrawal","territory.entry","strike"]
    from events.models import EventType
    known=list(EventType.objects.values_list("code",flat=True))
    types=[t for t in types if t in known]
    ev={}
    for n in range(200):
        w = f"{rng.randrange(2014,2024)}-{rng.randrange(1,13):02}-{rng.randrange(1,28):02}" if n%5 else None
        ev[f.ident("events",f"x{n}")]={"type":rng.choice(types),"title":f"X{n}","when":w,"place":str(f.ident("places",f"t{rng.randrange(2)}.{rng.randrange(10)}.{rng.randrange(10)}")),
          "status":"claimed","participants":[{"actor":str(world.red_army if n%3 else world.blue_army),"role":"participant"}],"contexts":["military"] if n%4 else ["legal"]}
    workspace.apply("events",ev); f.publish(*[("events",i) for i in ev])
    half=None
    for k,i in enumerate(ev):
        api_world.multiply("events",i,100)
        if k==100:
            half=api_world.get(client,"/api/v1/")["seq"]
    cl={}
    for n in range(100):
        cl[f.ident("claims",f"x{n}")]={"statement":f"S{n}","kind":rng.choice(["occurrence","control","quantity"]) if 0 else "occurrence","claimant":str(rng.choice([world.paper,world.red_spokesman,world.blue_spokesman])),"event":str(f.ident("events",f"x{n}")),"citations":[{"document":str(world.article),"mode":"paraphrase","spans":[[1,9]]}],"said":f"2022-{rng.randrange(1,13):02}-{rng.randrange(1,28):02}"}
    workspace.apply("claims",cl); f.publish(*[("claims",i) for i in cl])
    for i in cl: api_world.multiply("claims",i,100)
    with connection.cursor() as c:
        for t in ("events_eventrecord","events_eventplaceline","events_claimrecord","events_claimplaceline","records_changeset","records_change","places_placerecord"): c.execute("analyze "+t)
    c0=f.ident("places","c0"); r=f.ident("places","r0.1"); t=f.ident("places","t0.1.1")
    E="/api/v1/events/"; C="/api/v1/claims/"
    urls=[E,E+"?ordering=when",E+"?ordering=recorded_at",E+"?ordering=-recorded_at",E+"?type=battle",E+"?type=battle.clash",E+"?type=territory,strike",E+"?status=claimed",E+"?status=occurred",E+"?status=!claimed",
      E+f"?within={c0}",E+f"?within={r}",E+f"?within={t}",E+f"?within={c0},{r}",E+f"?within=!{c0}",E+f"?place={t}",E+f"?participant={world.red}",E+"?party=Red",E+"?party=Blue",E+f"?participant={world.blue_army}&type=battle",E+f"?claimant={world.paper}",E+f"?claimant={world.red_ministry}",E+"?context=legal",E+"?since=2022&until=2022",E+"?since=2022-03-01&until=2022-03-02&certainly=true",E+"?since=2030",E+"?until=2010",E+"?since=2022&undated=true",E+f"?as_of={half}",E+f"?as_of={half}&type=battle",E+f"?as_of={half}&within={c0}",E+f"?as_of={half}&within={t}",E+f"?as_of={half}&participant={world.red}",E+f"?as_of=60",E+f"?within={c0}&since=2020&until=2020&type=battle",E+"?part_of="+str(world.advance),E+"?dataset=none",E+"?updated_since=2020",E+"?updated_since=2990",E+"?code=acled:LAN1",E+f"?related_to={t}",
      C,C+f"?claimant={world.paper}",C+"?party=Red",C+f"?within={c0}",C+f"?within={t}",C+f"?event={world.advance}",C+"?voice=narration",C+"?polarity=denied",C+"?said_since=2022-06&said_until=2022-06",C+"?certainty=probable",C+f"?publisher={world.paper}",C+f"?actor={world.red_army}",C+"?conditional=true",C+"?mode=paraphrase",C+f"?as_of={half}", C+f"?holds_on=2022"]
    for u in urls:
        with CaptureQueriesContext(connection) as q:
            a=api_world.get(client,u)
        sql=[x["sql"] for x in q if '"body"' in x["sql"]]
        res=len(a["results"])
        if not sql: print(f"{u[8:]:70} no page query ({res})"); continue
        with connection.cursor() as c:
            c.execute("explain (analyze, buffers) "+sql[0])
            plan="\n".join(x[0] for x in c.fetchall())
        buf=re.search(r"shared hit=(\d+)(?: read=(\d+))?",plan); ms=re.search(r"Execution Time: ([\d.]+)",plan)[1]
        idx=sorted(set(re.findall(r"using (\w+)|on (\w+_\w+)(?=  \()|(Seq Scan on \w+)|(Sort) ",plan)))
        names=sorted({x for tup in idx for x in tup if x})
        print(f"{u[8:]:75} rows={res:3} buffers={sum(int(x or 0) for x in buf.groups()):6} ms={ms:>8} {' '.join(n for n in names)[:150]}")
        # all queries time
        for other in [x["sql"] for x in q if '"body"' not in x["sql"] and "changeset" not in x["sql"]]:
            with connection.cursor() as c:
                c.execute("explain (analyze, buffers) "+other); p2="\n".join(x[0] for x in c.fetchall())
            b2=re.search(r"shared hit=(\d+)",p2)
            if b2 and int(b2[1])>100: print("     resolve:",b2[1], p2[:600])
