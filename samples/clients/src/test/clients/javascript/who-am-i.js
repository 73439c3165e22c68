// For each line of the standard input: a line of JSON that says what the default credentials chain
// gave and who STS takes that for, or the error. One client all the time, as in an application.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const { version } = createRequire(import.meta.url)("@aws-sdk/client-sts/package.json");
const sts = new STSClient();

async function whoAmI() {
  try {
    const { accessKeyId, accountId, expiration } = await sts.config.credentials();
    const { Arn: arn } = await sts.send(new GetCallerIdentityCommand());
    return { accessKeyId, accountId, expiration, arn };
  } catch (error) {
    return { error: String(error) };
  }
}

for await (const _ of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ version, ...(await whoAmI()) }));
}
