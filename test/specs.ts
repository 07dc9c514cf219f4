/** `npm run specs` – what the specifications, the security matrix and the conformance suite ask for, and which test proves it. */
import { reportNames } from './specs/names.ts'
import { reportSections } from './specs/sections.ts'

const reports = [reportSections(), reportNames()]
const lines = [...reports.flatMap((report) => report.lines), '', ...reports.flatMap((report) => report.summary)]
console.log(lines.join('\n'))
if (reports.some((report) => !report.isComplete)) process.exitCode = 1
