/**
 * NIST SP 800-63B §3.1.1.2 – the passwords that are guessed first: those that published leaks show most often, and what people
 * make of a common word, of a few digits and of neighbouring keys. A password is compared as a whole, whatever its capitals:
 * those are the first thing that a guess varies.
 */
import { commonWords } from './common_words.ts'

/** In the order of the alphabet; shorter ones are refused by their length already. */
const list = `
00000000 01011970 01011980 01011981 01011985 01011986 01011990 01011991 01012000 01012001 01012010 01012011
0987654321 1029384756 11111111 11112222 111222333 11223344 1122334455 11235813 1123581321 12312312 123123123
1232323q 123321123 12341234 12344321 123454321 1234554321 12345678 123456789 1234567890 1234567890q 12345678910
123456789a 123456789q 123456789z 1234567a 1234567q 123456aa 123456qwerty 12345qwert 1234abcd 1234qwer 123654789
12369874 123698745 123qwe123 123qweasd 123qweasdzxc 12qwaszx 147258369 147852369 14789632 147896325 15426378
192837465 1a2b3c4d 1passwor 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qazxsw2 25802580 31415926
321654987 4815162342 73501505 741852963 789456123 87654321 8j4ye3uz 987654321 a1234567 a1b2c3d4 a1s2d3f4 aa123456
aardvark abc12345 abcd1234 aberdeen access14 achilles adgjmptw admin123 adminadmin administrator administrator1
agent007 airborne airforce airplane albatros alejandr aleksandr alexande alexandr amsterdam anaconda anthony1
apollo13 aquarius arsenal1 asdf1234 asdfasdf asdfghjk asdfghjkl ashley123 aspirine assassin atlantis autumn2025
azsxdcfv babydoll babygirl babylon5 barcelon barcelona baseball baseball1 basketba beefcake bigdaddy bigmoney
billybob billyboy blackcat blackdog blackjac blahblah blink182 blizzard bluebird blueeyes bluemoon bobafett bonehead
brandon1 brooklyn brucelee buckeyes bulldogs cadillac caliente californ candyman cardinal carolina catherin cavalier
cdtnkfyf champion changeit changeme chargers charlie1 charlott charlton chelsea1 cherokee chester1 chevelle chevrole
cheyenne chicken1 chocolat christia christin christop cjkysirj cocacola colombia colorado coltrane commando computer
computer1 concrete consumer contrasena cooldude correcthorsebatterystaple corvette cosworth cowboys1 creative
crusader dannyboy darkness darkside darkstar dbrnjhbz deadhead deeznuts default1 defender deftones designer devildog
diamond1 diamonds dietcoke dilligaf dingdong dinosaur discover dkflbvbh doberman dodgeram dolphins doughboy
dragon123 drowssap drpepper dthjybrf einstein ekaterina electric elephant elizabet engineer enterpri enterprise
ericsson eternity excalibu explorer fireball firebird fktrcfylh flamingo football football1 fordf150 formula1
fortnite freckles freedom1 freeuser front242 frontier fyfcnfcbz gangster garfield gateway1 geronimo ghbdtnbr
gn56gn56 godsmack godzilla goldfish golfball goodluck goodtime google123 gordon24 greenbay greenday guardian
guest1234 guinness halflife hallo123 hannibal happy123 happyday heather1 hellfire hello123 hercules highland
hollywoo hongkong hotstuff hurrican hyperion icecream ihateyou iloveyou immortal infiniti infinity internet
internet1 intrepid jackson1 jamesbon jasmine1 jessica1 jordan23 justdoit juventus kamikaze kangaroo katerina
kawasaki kenworth keyboard keystone kingkong kingston kittycat labrador lacrosse lancelot lasvegas letmein1
letmein123 letmein2 lifehack lightnin lionking liverpoo liverpool liverpool1 logitech lollipop lonestar lonewolf
longhorn loverboy lowrider luckydog macdaddy mailcreated5240 makaveli manchest manchester maradona marathon mariners
maryjane master123 matthew1 maverick meatball meatloaf megadeth melissa1 mercedes meridian mersedes metallic
metallica michael1 michigan microlab microsof microsoft midnight minecraft mongoose monkey123 monopoly montreal
morpheus motdepasse motorola mountain munchkin mushroom musicman mustang1 mustangs ncc1701a ncc1701d ncc1701e
nebraska nintendo nuttertools oblivion overlord p@ssw0rd p@ssword pa55w0rd pa55word pakistan panasonic panthers
paradise pass1234 passport passw0rd passw0rd! passwor1 password password! password1 password1! password12
password123 password1234 passwort passwort1 patrick1 patriots pavilion pearljam peekaboo penguins peterpan phillies
phoenix1 pineappl pinkfloy platinum plymouth poiuytrewq pokemon1 poohbear porkchop porsche9 portland portugal
precious predator presario princess princess1 punisher punkrock q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 qawsedrf qazwsx123
qazwsxed qazwsxedc qazwsxedcrfv qazxswedc qweasdzxc qwer1234 qwerasdf qwert123 qwerty12 qwerty123 qwerty1234
qwerty12345 qwerty123456 qwertyui qwertyuio qwertyuiop ragnarok raiders1 raistlin rammstein rangers1 redalert
redskins redwings renegade rfnthbyf rhbcnbyf rightnow rjirfrgbde rockstar rolltide romashka rootbeer rootroot
rush2112 sailboat samantha sandiego sapphire saratoga scarface scoobydo scooter1 scorpion scotland sebastia
secret123 security seinfeld seminole semperfi sentinel septembe serenity shadow123 shamrock shaney14 sherlock
showtime simpsons sithlord skittles skywalke slapshot slipknot snickers snowball snuggles socrates softball software
soso123aljg spartans spectrum spiderma spiderman spitfire spring2025 squirrel srinivas stallion starbuck starcraft
stardust starfish stargate startrek starwars starwars1 steelers stephani stingray stonecol stranger summer2024
summer2025 sundance sunshine sunshine1 super123 superfly superman superman1 superstar svetlana sweetpea swimming
swordfis swordfish syracuse tacobell tarheels technics terminator test1234 testing1 testing123 testtest thailand
thankyou thuglife thunder1 titleist toor1234 tottenha treasure trfnthbyf trombone truelove trustno1 turkey50
twilight ultimate vacation valentin valentina valhalla vanhalen verbatim veronika vfrcbvrf viktoria vkontakte
vladimir vladislav warcraft warhammer warriors waterloo webmaster welcome1 welcome123 werewolf westside whatever
whocares wildcats wildfire william1 winter2024 winter2025 wolfgang wolfpack wolverin wolverine woofwoof wrangler
wrinkle1 yankees1 zaq12wsx zaq1xsw2 zeppelin zxcv1234 zxcvbnm1 zxcvbnm123
`

/** Rows that a finger or a child runs along, from either end. */
const rows = [
  '01234567890123456789',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiop[]',
  'asdfghjkl;',
  'zxcvbnm,./',
  'qwertzuiopü',
  'yxcvbnm,.-',
  'azertyuiop',
  'qsdfghjklm',
  'йцукенгшщзхъ',
  'фывапролджэ',
]

/** What is put behind a word to please a rule: a few digits, a year, an exclamation mark. */
const SUFFIX = /^[@#$_.+-]?\d{0,4}[!@#$%&*.?+-]{0,2}$/

const MAX_SUFFIX = 7
/** What is longer takes more to guess, even when it repeats itself. */
const MAX_PATTERN = 16

export const reversed = (text: string): string => [...text].reverse().join('')

/** Whether a password in lower case is one of the words, twice one, or one with digits or marks of the usual kind behind it. */
export const isMadeOf = (password: string, isWord: (text: string) => boolean): boolean => {
  const half = password.slice(0, password.length / 2)
  if (half + half === password && isWord(half)) return true
  for (let length = Math.max(1, password.length - MAX_SUFFIX); length <= password.length; length++)
    if (isWord(password.slice(0, length)) && SUFFIX.test(password.slice(length))) return true
  return false
}

const isPattern = (password: string): boolean => {
  if (password.length > MAX_PATTERN) return false
  if (/^(.{1,4})\1+$/su.test(password)) return true
  return rows.some((row) => row.includes(password) || reversed(row).includes(password))
}

let known: { passwords: Set<string>; words: Set<string> } | undefined

/** Made for the first password that is set: most starts of a server see none. */
const load = () => {
  known ??= {
    passwords: new Set(list.trim().split(/\s+/)),
    words: new Set([...commonWords, ...commonWords.map(reversed)]),
  }
  return known
}

/** In NFC. */
export const isCommonPassword = (text: string): boolean => {
  const password = text.toLowerCase()
  const { passwords, words } = load()
  return passwords.has(password) || isPattern(password) || isMadeOf(password, (word) => words.has(word))
}
