/** What English words are worth in a search for tools: those that say nothing, and those that say the same. */

const words = (text: string): string[] => text.trim().split(/\s+/);

/** Words that a request has and no tool is about. They count only where a query has no others. */
const STOP_WORDS = new Set(
  words(`
  a an the this that these those it its them they there here
  i me my mine we us our you your he she his her
  is are was were be been am do does did done has have had can could would should will shall may might must
  and or but if so as at by for from in into of off on onto out over to up with within about than then too very
  what which who whom whose when where why how
  please want wants need needs like just now also only some any all each every
  let lets hey ok okay thanks thank kindly going gonna use using via
  `),
);

/** Words that are used for one another where people ask for something and where servers name it; the first is no better than the rest. */
const GROUPS = `
delete remove erase trash destroy discard drop unlink forget purge
create make add new build generate insert open
send post notify publish share
read show view open display print see cat
get fetch retrieve obtain show read load look
list show enumerate display see get
search find lookup query locate seek look
update edit change modify alter set adjust patch
move rename relocate
copy duplicate clone
write save store put create
run execute start launch trigger invoke begin
stop cancel abort kill terminate halt end
close finish complete resolve
merge combine join
compare diff difference
check verify validate test inspect
download fetch export
upload import attach
reply respond answer
message mail email letter chat
folder directory dir
file document
issue ticket bug defect
pull merge mr pr
repository repo project
image picture photo screenshot
screenshot capture
user person people member account contact
page website web site url tab
event meeting appointment calendar
task todo
sum add total plus
environment env variable
info information metadata detail property
size big large
compress gzip zip
entity node
comment remark note
team group
run job pipeline build workflow
log logging output trace
press click tap push
type enter fill write
table collection
row record entry item
query sql
price cost
schedule plan
line row
label tag
branch ref
undo revert reset rollback
story card ticket
channel room
reaction emoji
calendar agenda schedule
navigate go visit browse open
click hit tap
press hit
key keyboard shortcut
fork copy clone
stash shelve
thread conversation discussion
echo repeat
elevation altitude height
direction route
geocode coordinate
blame author annotate
log history
snapshot capture
network traffic request
evaluate javascript script execute
doc documentation document manual
commit save
push upload
checkout switch
approve accept
decline reject refuse
dismiss ignore
snooze postpone delay
reminder alarm
forward pass
current active own
profile self
protect lock
unprotect unlock
status state
failure fail error
flaky unstable intermittent
rerun retry repeat
chart diagram graph plot
bar column
mailbox inbox
column field
worksheet sheet
spreadsheet excel sheet
notebook note
extract scrape parse
related similar
permission access right
member people person
presence availability
manager boss
place location
iteration sprint
objective goal
template pattern
tiny small
toggle switch
research investigate
usage consumption
library package
relation link connection
observation fact
recording video
content text
`;

const SYNONYMS = new Map<string, Set<string>>();
for (const group of GROUPS.trim().split('\n')) {
  for (const word of words(group)) {
    const known = SYNONYMS.get(word) ?? new Set();
    for (const other of words(group)) if (other !== word) known.add(other);
    SYNONYMS.set(word, known);
  }
}
const NONE: ReadonlySet<string> = new Set();

/** Words, as terms, that may stand where this one does. */
export const synonymsOf = (term: string): ReadonlySet<string> => SYNONYMS.get(term) ?? NONE;

/** What a form of a verb may come from: `sorted` and `sorting` from `sort`, `creating` from `create`, `running` from `run`. */
export const stemsOf = (term: string): string[] => {
  const [, stem = ''] = /^(.{3,}?)(?:ing|ed)$/.exec(term) ?? [];
  if (stem === '') return [];
  const single = stem.at(-1) === stem.at(-2) ? [stem.slice(0, -1)] : [];
  return [stem, `${stem}e`, ...single];
};

/** The terms of a query that say something, each once; all of them, where none does. */
export const telling = (terms: readonly string[]): string[] => {
  const distinct = [...new Set(terms)];
  const left = distinct.filter((term) => !STOP_WORDS.has(term));
  return left.length > 0 ? left : distinct;
};
