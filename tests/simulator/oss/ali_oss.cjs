// Runs everyday calls of npm's ali-oss against the simulator and prints what came of each, as JSON; test_ali_oss.py asks.
const OSS = require("ali-oss");

const [endpoint, accessKeyId, accessKeySecret, version, style] = process.argv.slice(2);
const port = endpoint.split(":").pop();
const common = { region: "oss-cn-hangzhou", accessKeyId, accessKeySecret, authorizationV4: version === "v4", secure: false };
const styles = {
  host: { endpoint: `http://127.0.0.1:${port}` },
  path: { endpoint: `http://localhost:${port}`, sldEnable: true },
  both: { endpoint: `http://127.0.0.1:${port}`, sldEnable: true },
};
const client = new OSS({ ...common, ...styles[style], bucket: "examplebucket" });
const results = {};

async function step(name, run) {
  try {
    results[name] = (await run()) ?? "done";
  } catch (error) {
    results[name] = { error: error.code, name: error.name, status: error.status, message: error.message, ec: error.ecCode };
  }
}

async function main() {
  await step("putBucket", async () => (await client.putBucket("examplebucket")).res.status);
  await step("put", async () => (await client.put("dir/k ä+b", Buffer.from("content"), { headers: { "x-oss-tagging": "a=1" }, meta: { who: "me" } })).res.status);
  await step("get", async () => (await client.get("dir/k ä+b")).content.toString());
  await step("head", async () => (await client.head("dir/k ä+b")).meta.who);
  await step("list", async () => (await client.list({ prefix: "dir/", delimiter: "/" })).objects.map((o) => o.name));
  await step("listV2", async () => (await client.listV2({ prefix: "dir/" })).objects.map((o) => o.name));
  await step("copy", async () => (await client.copy("copied", "dir/k ä+b")).res.status);
  await step("tagging", async () => (await client.getObjectTagging("dir/k ä+b")).tag);
  await step("acl", async () => { await client.putACL("copied", "private"); return (await client.getACL("copied")).acl; });
  await step("append", async () => (await client.append("log", Buffer.from("one"))).nextAppendPosition);
  await step("multipart", async () => {
    await client.multipartUpload("big", Buffer.alloc(350 * 1024, 7), { partSize: 100 * 1024 });
    return (await client.get("big")).content.length;
  });
  await step("deleteMulti", async () => (await client.deleteMulti(["copied", "log"])).deleted.map((o) => o.Key));
  await step("putCors", async () => (await client.putBucketCORS("examplebucket", [{ allowedOrigin: "*", allowedMethod: ["GET", "PUT"], allowedHeader: "*" }])).res.status);
  await step("getCors", async () => (await client.getBucketCORS("examplebucket")).rules.length);
  await step("policy", async () => {
    const policy = { Version: "1", Statement: [{ Action: ["oss:GetObject"], Effect: "Allow", Principal: ["1234567890123456"], Resource: ["acs:oss:*:1234567890123456:examplebucket/*"] }] };
    await client.putBucketPolicy("examplebucket", policy);
    return (await client.getBucketPolicy("examplebucket")).policy.Version;
  });
  await step("versioning", async () => { await client.putBucketVersioning("examplebucket", "Enabled"); return (await client.getBucketVersioning("examplebucket")).versionStatus; });
  await step("versions", async () => (await client.getBucketVersions({ prefix: "dir/" })).objects.length);
  await step("logging", async () => { await client.putBucketLogging("examplebucket", "log/"); return (await client.getBucketLogging("examplebucket")).prefix; });
  await step("referer", async () => { await client.putBucketReferer("examplebucket", true, ["http://a"]); return (await client.getBucketReferer("examplebucket")).referers; });
  await step("info", async () => (await client.getBucketInfo("examplebucket")).bucket.Name);
  await step("archive", async () => (await client.put("cold", Buffer.from("cold"), { headers: { "x-oss-storage-class": "Archive" } })).res.status);
  await step("frozen", async () => (await client.get("cold")).res.status);
  await step("restore", async () => (await client.restore("cold")).res.status);
  await step("restoreAgain", async () => (await client.restore("cold")).res.status);
  await step("restoreInfo", async () => (await client.list({ prefix: "cold" })).objects[0].restoreInfo.ongoingRequest);
  await step("missing", async () => (await client.head("nothing")).res.status);
  await step("url", async () => (await fetch(version === "v4" && client.signatureUrlV4 ? await client.signatureUrlV4("GET", 60, undefined, "dir/k ä+b") : client.signatureUrl("dir/k ä+b", { expires: 60 }))).status);
  console.log(JSON.stringify(results));
}

main();
