// Node's way to the bank's database, check by check: `node harness.js RESULTS` writes `check<TAB>pass|fail` lines.
import { checks as driver } from './driver.js'
import { checks as builders } from './builders.js'
import { checks as teller } from './teller.js'

await driver()
await builders()
await teller()
process.exit(0) // sessions that a failed check left open
