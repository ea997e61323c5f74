// A plain queue worker, to compare with: BullMQ on Redis, one post to the provider for each recipient, no records of
// its own. `node worker.mjs SOCKET SINK COUNT PROCESSES CONCURRENCY POSTS_A_JOB`; prints {"seconds"} from the first
// job queued to the last post answered.
import cluster from "node:cluster";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { Pool } from "undici";

const [socket, sink, ...numbers] = process.argv.slice(2);
const [count, processes, concurrency, postsPerJob] = numbers.map(Number);
const connection = new Redis(socket, { maxRetriesPerRequest: null });
const NAME = "sends";

const message = (n) =>
  new URLSearchParams({
    To: `+4477009${String(n).padStart(5, "0")}`,
    From: "GreenAbbey",
    Body: "GA Sch: Dear Carys, school closes at 1 pm today because of snow.",
    StatusCallback: `http://127.0.0.1:8080/hooks/twilio/status/${"x".repeat(100)}.${n}`,
  }).toString();

async function work() {
  const pool = new Pool(sink, { connections: concurrency * postsPerJob, pipelining: 1 });
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    authorization: `Basic ${Buffer.from("AC0:secret").toString("base64")}`,
  };
  const post = async (n) => {
    const path = "/2010-04-01/Accounts/AC0/Messages.json";
    const answer = await pool.request({ method: "POST", path, headers, body: message(n) });
    const { sid } = await answer.body.json();
    if (answer.statusCode !== 201 || !sid) throw new Error(`answered ${answer.statusCode}`);
  };
  const done = (job) => Promise.all(job.data.map(post)).then(() => process.send(job.data.length));
  const worker = new Worker(NAME, done, {
    connection,
    concurrency,
    removeOnComplete: { count: 0 },
    drainDelay: 1,
  });
  await worker.waitUntilReady();
  process.send("ready");
}

async function lead() {
  const queue = new Queue(NAME, { connection });
  await queue.waitUntilReady();
  let posts = 0;
  let ready = 0;
  let finish;
  let begin;
  const [allReady, allDone] = [new Promise((r) => (begin = r)), new Promise((r) => (finish = r))];
  cluster.on("message", (_, told) => {
    if (told === "ready") {
      if (++ready === processes) begin();
    } else if ((posts += told) >= count) finish();
  });
  cluster.on("exit", (_, code) => {
    if (posts < count) {
      console.error(`a worker ended with ${code}`);
      process.exit(1);
    }
  });
  for (let i = 0; i < processes; i++) cluster.fork();
  await allReady;

  const start = performance.now();
  const jobs = [];
  for (let n = 0; n < count; n += postsPerJob) {
    const data = Array.from({ length: Math.min(postsPerJob, count - n) }, (_, i) => n + i);
    jobs.push({ name: NAME, data });
  }
  for (let at = 0; at < jobs.length; at += 1000) await queue.addBulk(jobs.slice(at, at + 1000));
  await allDone;
  console.log(JSON.stringify({ seconds: (performance.now() - start) / 1000 }));
  process.exit(0);
}

await (cluster.isPrimary ? lead() : work());
