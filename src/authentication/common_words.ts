/** Names and words of which people make passwords, lower case: as they are, or with a year or a few digits behind them. */

/** First names, in many countries. */
const names = `
aaron abdul abdullah abigail adam adele adrian adriana agnes ahmed aidan aileen aisha alain alan albert alberto
alejandra alejandro aleksandr alena alessandro alex alexa alexander alexandra alexandre alexandru alexey alexia alexis
alfonso alfred alfredo alice alicia alina alisha alison allison alvaro alyssa amanda amber amelia amina amir amit amy
ana anastasia andre andrea andreas andreea andrei andres andrew andrey angel angela angelica angelika angelina angelo
angie anita anna annabelle anne annette annie anthony antoine anton antonella antonia antonio april arianna ariel arjun
arlene armando arnold arthur arturo ashley ashok astrid audrey august aurelie austin ava axel barbara barry beatrice
beatriz becky belinda bella benedict benjamin bernard bernd bertha beth bethany betty beverly bianca bill billy bjorn
blake bogdan bonnie boris brad bradley brandon brandy brayden brenda brendan brent brett brian briana brianna bridget
brigitte britney brittany bruce bruno bryan caitlin calvin cameron camila camille candice carina carl carla carlo carlos
carmen carol carolina caroline carolyn carrie carter casey cassandra catalina catherine cathy cecilia cedric celeste
celia celine cesar chad charlene charles charlie charlotte chelsea cheryl chester chloe chris christa christian
christiane christina christine christoph christophe christopher christy cindy claire clara clarence clarissa claude
claudia claudio clement clifford clinton cody colin colleen connor conrad constance corey corinne courtney craig
cristian cristiano cristina crystal curtis cynthia dagmar daisy dakota dale damian damien dana daniel daniela daniele
danielle danilo danny daria darius darren darryl dave david davide dawid dawn dean deanna debbie deborah debra deepak
denis denise dennis derek derrick desiree destiny diana diane diego dieter dimitri dina dinesh dmitry dolores dominic
dominik dominique donald donna doris dorothy douglas duncan dustin dylan eddie edgar edith eduardo edward edwin eileen
elaine eleanor elena eleni elias elijah elisa elisabeth elizabeth ella ellen ellie elsa elvira elvis emanuel emil emilia
emilie emilio emily emma emmanuel enrico enrique enzo eric erica erich erik erika erin ernest ernesto esmeralda esteban
estelle esther ethan eugene eugenia eva evan evelyn fabian fabio fabrice faith fatima federica federico felicia felipe
felix ferdinand fernanda fernando fiona flora florence florian frances francesca francesco francine francis francisco
franco francois frank franklin franz fred freddy frederic frederik friedrich gabriel gabriela gabriele gabriella
gabrielle gareth gary gaston gavin gemma genevieve george georgia gerald gerard gerhard gianluca gilbert gina giorgia
giorgio giovanna giovanni gisela giulia giuseppe glenn gloria gordon grace graham grant grazyna greg gregor gregory
greta guido guillaume guillermo gustavo hailey hamza hannah hannes hans harald harold harrison harry harvey hassan
heather hector heidi heike heinz helen helena helene helga helmut henri henrik henry herbert hermann hilary holger holly
horst howard hugo hussein ian ibrahim igor ilona imran ines ingrid irene irina iris isaac isabel isabella isabelle
ismael ivan ivana ivonne jack jackie jackson jacob jacqueline jacques jade jaime jakob jakub james jamie jan jana jane
janet janice janina jared jasmin jasmine jason javier jayden jean jeanette jeff jeffrey jelena jenna jennifer jenny jens
jeremiah jeremy jerome jerry jesse jessica jessie jesus jill jimmy joan joanna joanne joaquin jocelyn jochen joel johan
johanna johannes john johnny jonas jonathan jordan jorge joseph josephine joshua josiah joyce juan juana juanita judith
julia julian juliana julie julien juliet julio julius june jurgen justin justine kaitlyn kamil karen karim karin karina
karl karla karolina katarina kate katelyn katerina katharina katherine kathleen kathryn kathy katie katja katrin katrina
katya kayla keith kelly kelsey kenneth kenny kerstin kevin khaled kieran kimberly kirsten klaus konstantin kristen
kristian kristin kristina kristine krystal kumar kurt kyle lacey lance lara larissa larry lars latoya laura lauren
laurence laurent lauri lawrence leah leandro leila lena leon leona leonard leonardo leonie leopold leroy leslie leticia
levi lewis liam lidia lilian liliana lillian linda lindsay lindsey lionel lisa lloyd logan lois lorena lorenzo loretta
louis louisa louise luca lucas lucia luciana luciano lucie lucy ludovic ludwig luigi luisa lukas lukasz luke lydia lynn
mackenzie madeleine madison magdalena mahmoud maja malcolm malik manfred manuel manuela marc marcel marcela marcella
marcelo marcia marcin marco marcos marcus margaret margarita margot maria mariam marian mariana marianne marie mariela
marilyn marina mario marion marisa marisol marissa marjorie mark marko markus marlene marlon marta martha martin martina
martine marvin mary maryam mateo mateusz mathew mathias mathieu mathilde matteo matthew matthias matthieu maureen
maurice mauricio max maxime maximilian maxwell megan mehmet melanie melinda melissa mercedes meredith michael michaela
michal micheal michel michele michelle miguel mikael mike mikhail mila milan milena milos mina miranda miriam mirko
mitchell mohamed mohammad mohammed moises mollie molly monica monika monique morgan moritz muhammad murray mustafa
myriam nadia nadine nancy naomi natalia natalie natasha nathalie nathan nathaniel neil nelson nicholas nick nicola
nicolas nicole nicoleta nicolette nikita niklas nikola nikolai nikolas nina noah noel noelle norbert norma norman
octavio odile oksana olga oliver olivia olivier omar oscar otto pablo paige pamela paola paolo pascal patricia
patricio patrick patrik paul paula paulina pauline paulo pavel pearl pedro peggy penelope perry peter petra philip
philipp philippe phillip phoebe pierre piotr polina prakash preston priscilla priya quentin rachel rafael rafal raheem
rahul rainer raj rajesh ralf ralph ramon randall randy raphael raquel raul ravi raymond rebecca regina reginald reinhard
renata renate rene ricardo riccardo richard rick ricky riley rita robert roberta roberto robin rocio roderick rodney
rodolfo rodrigo roger roland rolando rolf romain roman romeo ronald ronaldo ronnie rosa rosalie rosario rose rosemary
rosie ross roxana roxanne ruben rudolf rudy rupert russell ruth ryan sabine sabrina sally salma salvador salvatore
samantha samir sammy samson samuel sandeep sandra sandrine sandro sandy sanjay santiago sara sarah sascha sasha savannah
scott sean sebastian sebastien selena selina serena serge sergei sergey sergio seth shannon sharon shaun shawn sheila
shelby shelly sherry shirley sidney siegfried sierra silke silvia simon simona simone skyler sofia sofie sonia sonja
sophia sophie spencer stacey stacy stanislav stanley stefan stefania stefanie stefano steffen stella stephan stephane
stephanie stephen steve steven stewart stuart sultan sunil sunita suresh susan susana susanne suzanne sven svetlana
sydney sylvain sylvia sylvie sylwia tamara tammy tania tanja tanya tara tatiana tatyana taylor teresa terrence terry
thelma theo theodore theresa therese thierry thomas thorsten tiffany tim timothy tina tobias todd tomas tomasz tommy
toni tony torsten tracey tracy travis trevor trinity tristan troy tyler udo ulrich ulrike ursula uwe vadim valentin
valentina valentino valeria valerie vanessa vera verena verona veronica veronika veronique vicente vicki vicky victor
victoria vijay viktor viktoria vincent vincenzo viola violet violeta virginia vitaly vivian viviana vladimir vladislav
volker wade walter waltraud wanda warren wayne wendy werner wesley whitney wilfred wilhelm william willie wilson winston
wojciech wolfgang xavier yann yannick yasmin yasmine yolanda youssef yuri yvette yvonne zachary zainab zara zoe zsolt
`

/** Words that people like. */
const words = `
abacus absolut access account acoustic action active adidas adm1n admin administrator adventure aerosmith afrika airbus
airport ajax alabama alaska albion alcatraz alchemy alfaromeo alien aliens allstar alpha alphabet alpine always amazing
amazon america american amigos amor amore amour amsterdam anarchy anchor android angelito angels animal anime antelope
anything anytime apache apollo apple apples aquarius arcade archer arctic argentina arizona armada armani arrow arsenal
artist asdf asdfgh asgard asshole asterix astra astro athens atlanta atlantis atlas attack audi aurora australia austria
autumn avalon avatar avenger avengers awesome azerty aztec baby babyboy babydoll babyface babygirl backspace bacon
badass badboy badger badgirl bailey balance ball ballet bamboo banana bananas bandit bangkok banker banking barbie
barcelona barcode barney baseball basket basketball bass bastard batman battle bayern bazooka beach beagle bear bears
beast beatles beautiful beauty beaver bebe beer believe belmont benfica bentley berlin best bestfriend bigboss bigboy
bigdaddy bigdog bigfoot bigmac biker bingo biology bird birdie birthday biscuit bisous bitch bitcoin blabla black
blackberry blackbird blackcat blackjack blade blaster blessed blessing blink blizzard blonde blondie blood bloody
blossom blowfish blue bluebird blueeyes bluemoon blues blume bmw bobcat bollocks bombay bombers bond bondage bonheur
bonita bonjour booboo booger boogie boomer boomerang boost borussia bosco boss boston bowling boxer brasil braves brazil
bread breeze bridge brisbane bronco broncos brooklyn brother browning browns brutus bubba bubble bubbles budapest buddha
buddy budweiser buffalo bugatti bulldog bullet bulls bullshit bumblebee bunny buongiorno burger burton business buster
butter buttercup butterfly button cadillac caesar california camaro camel camera campus canada canadian cancer candle
candy canon captain caramel cardinal cardinals caribou carino carnaval carnival carpet carrot cartman cartoon casanova
cascade casino casper castle catdog catfish catwoman cavalier celebrity celtic celtics center central challenger
champion champions change changeme chaos charger charming chateau cheater checkers cheese cheesecake cheetah chemistry
cherry chess cheval chevrolet chevy chicago chicken chihuahua children chile chili china chinook chip chipper chips
chiquita chocolat chocolate chopin chopper chouchou christ christmas chrome chronos chubby church ciao ciaociao cicero
cinderella cinema circus citroen city classic clever clippers cloud clover cobra cocacola cocaine coconut coffee
colombia colorado columbia columbus combat comein comet comics command commander company compaq compass computer concept
concrete condor confused connect console contact contrasena contrasenia control cookie cookies cool coolman cooper
copper coral corazon corleone corolla corona correct corsair corvette cosmos cottage cotton coucou cougar country
courage cowboy cowboys coyote cracker crazy cream creative cricket criminal crimson croatia crusader cupcake curious
customer cutie cyber cyclone cyclops dagger dallas dance dancer dancing danger dark darkangel darklord darkness darling
darthvader database daylight daytona deadpool death december deepblue defense delaware delete delfin delicious dell
delta demo demon denali denmark denver depeche deputy derby desert design designer desire destroy detroit deutsch
deutschland developer devil diablo diamond diamonds dickhead diesel digital dilbert dimon dinamo dingo dino diplomat
dirty disco discovery disney diver divine doctor dodge dodger dodgers doggie doggy dolphin dolphins domino donkey donut
doraemon dortmund double doudou downhill dracula dragon dragonball dragonfly dragons dream dreamer dreams dreamteam
driver drowssap drummer ducati duck dude duke dynamite dynamo eagle eagles earth eastside eclipse economy edinburgh
egypt eintracht elefant element elephant elite emerald eminem empire energy engel engine engineer england english enjoy
enter enterprise epson estrella eternal eternity europe everest everlast everton everything evil evolution excalibur
excellent exchange executive exodus explorer express extreme eyeball fabulous facebook factory fairy falcon falcons
familia family famous fantasia fantastic fantasy farmer fashion father favorite february fender ferrari festival
feyenoord fiat ficken fidelity fighter filter finance finger finland fire fireball firebird firefly firefox fireman
firewall first fisher fishing flamenco flamengo flamingo flash flipper florida flower flowers fluffy flyers flying
football forest forever forget formula fortuna fortune forward forzainter forzamilan foster foxtrot fozzie france freak
freaky freddie freebird freedom freeman freeway french friday friend friendly friends friendship frodo frog froggy
frosty fruehling fucker fucking fuckoff fuckyou funny fussball futbol future galaxy galileo gambit gamecube gamer games
gandalf ganesh gangsta gangster garage garden garfield garlic gasman gateway gators geheim gemini general generation
genesis genius gentle germany ghost giant giants gibson giggles ginger giraffe girls glacier gladiator glamour global
goblin goddess godfather godisgood godzilla gold golden goldfish goldie golf golfer goliath goober good goodboy goodday
goodgirl goodluck goodman goofy google gopher gorilla gothic grandma grandpa grape gravity great green greenday grizzly
groovy guapa guard guardian guest guinness guitar guitarist gunner gunners gymnast gymnastics gypsy hacker hahaha
hallihallo hallo halloween hamburg hamilton hammer hamster handball handsome happiness happy harbor hardcore harley
harmony haslo hawaii hawkeye hawks heart heartbreak heaven hedgehog hello hellokitty help hendrix herbst hercules
heritage hermosa hero heroes highland highlander highway hiphop history hitman hobbit hockey holiday holland hollywood
homer homerun honda honey honeybee hooligan hooters hope hornet hornets horse horses hospital hotdog hotel hotrod house
houston hummer hund hungary hunter hunting hurricane husky hyperion hyundai iceberg icecream iceman idontknow ignatius
iguana illusion iloveme iloveyou imagine immortal impact impala imperial impossible india indian indiana indians indigo
infiniti infinity insane inside inspiron install intel inter internet invisible ireland ironman island israel istanbul
italia italy iverson jackass jackpot jaguar jaguars jamaica january japan jasper jeepster jellybean jerusalem
jesuschrist jetaime jetski jewels jigsaw joker journey july jumper jungle junior jupiter justice justme juventus kacper
kamikaze kangaroo karaoke karate kasia kasper katze kawasaki keeper kermit keyboard kicker kickers killer kimchi king
kingdom kingkong kings kingston kisses kissme kisulya kitchen kitten kittens kitty kiwi knicks knight knights knuckles
koala kochanie kodiak koshka krasota krypton l3tmein labrador lacoste ladybug lakers lakeside lamborghini laptop laser
lasvegas latino laugh lavender lawyer leader legend legends legion lekker lemon lemonade leopard letmein letsgo
leverkusen liberty library license liebe life lifeisgood lightning lights lime limewire limited lincoln linkin linux
lion lionheart lions lithium little liverpool lizard ljubov llama lobster logitech lokomotiv lollipop lollypop london
lonely looking losenord loser lotus loulou lovebug loveit lovelife lovely loveme lover loverboy lovers loveyou lubov
lucifer lucky luckyone luckystar lullaby lumina lunatic macbook machine mackie madhouse madman madness madonna madrid
maestro mafia magic magician magnet magnetic magnolia magnum mailman majestic malaysia malibu mallorca mamamia maman
mamapapa manager manchester mandarin mango maniac manunited marathon marble marijuana marine mariner marines mariposa
marlboro marley marlin mars marseille marshall marshmallow martini marvel maserati massive master masters matrix maus
maverick maxima mazda mclaren meatball medical medicine medion megadeth megaman memorial memory memphis mercury merlin
mermaid messenger messi metal metallica meteor mexico miami miamor mickey mickeymouse microsoft midnight milkshake
miller million millionaire millions milwaukee mindy minecraft minnesota minnie miracle mirage misiek mister misty mivida
mobile mobydick moderator modern mollydog mommy monday money monitor monkey monkeys monopoly monster monsters montana
montreal moomoo moonlight moose morning morpheus mortgage moscow moskva motdepasse mother motocross motorola mountain
mouse movie mozart muffin muppet music musica musician mustang mustangs mylife mylove mypassword myself mystery mystic
napoli naruto nascar nature naughty navajo navigator nebraska nemesis neptune netgear network nevada never newcastle
newlife newport newton newyork nextel niceguy nightmare nikon ninja nintendo nipple nirvana nissan nobody nokia nokian
nomad norway norwich notebook nothing nouveau november nowayout nuclear nugget number nurse nutella oakland oatmeal
obelix oblivion observer ocean october office officer offshore okinawa oklahoma oldman olympia olympus online opendoor
opensesame opera operator optimus oracle orange oranges orchid oregon orgasm original orion orlando outback outdoors
outkast outlaw oxford oxygen p4ssw0rd p4ssword p@ssw0rd p@ssword pa$$w0rd pa$$word pa55word pacers pacific packard
packers paddle paintball painter palace palermo panama panasonic pancake panda pandora pantera panther panthers panzer
papa papamama paper paradise paradox paris parker parol parola parole parrot party pass passion passport passw0rd passwd
password passwords passwort patches pathfinder patriot patriots pavilion peace peaches peanut peanuts pebbles pegasus
penguin pepper peppers pepsi perfect person peru peugeot phantom pharmacy phoenix photo photos physics piano piccolo
pickle picture pikachu pillow pimpin pinball pineapple pingpong pink pinkfloyd pinky pioneer pirate pirates pistol
pitbull pixel pizza planet planning platinum playboy player players playstation please plumber pluto poison pokemon
poland polaris police polo polska pooh poohbear pookie popcorn popeye poppop popstar porsche portland portugal positive
potato potter power powerful powers prague precious predator premier president prestige prince princes princesa princess
princesse private privet prodigy producer professor profit program project promise prophet protect public pudding puffin
pumpkin punisher punkrock puppies puppy purple pussy pussycat puzzle pyramid python qazwsx qazwsxedc quality quantum
quartz quebec queen queenie question quicksilver qweasdzxc qwerty qwertz rabbit rabbits racecar racer racing radar radio
radiohead raiden raider raiders railroad rainbow raindrop rainman rambo ramones ranger rangers raptor raptors rascal
rasta raven ravens reality realmadrid rebel rebels redbull reddog redhead redhot redneck redrose redskins redsox redwing
redwings register reliable remember renault renegade republic rescue research reset return revenge revolution
reynolds rhythm ripper river rivera riverside robot robotech rocker rocket rockets rockon rockstar rolling romance
romania romantic root rosebud roses rossiya rotterdam rover royal royals rubber rugby rules runaway runner running rush
russia saints sakura salami salasana salem salesman salmon samsung sanchez sandman sanfrancisco santafe sapphire
saturday saturn savage scanner scarface schalke schatz schatzi school science scooby scoobydoo scooter scorpio scorpion
scorpions scotland scrappy scruffy seagull search season seattle secret security select senha senior september serenity
server service sesame seven sevilla sexy sexybitch sexygirl sexyman shadow shadows shakira shaman shamrock shanghai
shark sharks sheep shelter shepherd sheriff shibby shining shinobi shitface shithead shooter shopping shotgun silence
silent silver silverado simba simple simpson simpsons singapore singer single sinner skate skateboard skater skeleton
skiing skipper skippy skittles skyline skywalker slayer sleepy slipknot smackdown smart smile smiles smiley smirnoff
smith smokey smooth snake snickers sniper snoopy snowball snowboard snowflake snowman soccer socrates softball software
soldier soleil solnce solomon solution something sommer sonic sonne sonny southpark spain spanish spanky sparkle sparky
sparrow spartak spartan spartans special speedy sphinx spider spiderman spirit spongebob spooky sport sporting sports
spring springs sprite spurs squirrel stalker standard stanford starbucks starcraft stardust starfire starfish stargate
starlight starwars station stealth steelers sterling sticky stigmata stinky stone stoner storm stranger strawberry
stream street strike strong student stupid style subaru subway success sugar suicide summer sundance sunday sunflower
sunny sunrise sunset sunshine superman supermario supernova superstar supervisor support supreme surfer surfing survivor
suzuki swan sweden sweet sweetheart sweetie sweetness sweetpea sweety swimmer swimming switch switzerland swordfish
symphony system tango tarzan taurus tazmania teacher teamo teamomucho teddy teddybear telecom telefon telephone temp
temporary temptation tennessee tennis tequiero tequila terminal terminator test tester testing testtest texas theking
theman therock thesims thinking thinkpad thompson thunder thursday tiamo tiger tigers tigger timber tinker tinkerbell
titanic titanium titans toby together tomato tombraider tomcat tomorrow topgun topsecret tornado toronto tottenham
toulouse trader train trainer transfer transformers transit travel traveler treasure triangle tricky trigger triumph
trooper trouble truck trucker trumpet trustme truth tsunami tucson tuesday tupac turbo turkey turtle tuxedo tweety
twilight twins twister twitter ultimate ultra umbrella undead underground undertaker unicorn unique united unity
universal universe university upgrade usa user username valencia valentine valhalla valley vampire vancouver vanilla
vault vector vegas vegeta velvet venezuela venice venom ventura venus verbatim verizon vermont vertigo victory video
vienna viking vikings village violin viper virgin virus vision vodka voetbal volcano volkswagen volleyball volvo voodoo
voyager vulture w3lcome wachtwoord walker wallace warcraft warehouse warlock warning warrior warriors washington watch
water waterfall watermelon waters wealth weather webmaster website wednesday weed welcome welkom wellington western
westham westlife westside whatever whiskey whisper white widget wildcat wildcats wildlife willow windows winner winners
winter wisdom wizard wolf wolfpack wolves wonder wonderful wonderland woodland woody work workout world wrestling
wrinkles wwe xbox yamaha yankee yankees yellow yourmom yoyo zaphod zebra zenit zenith zeppelin zeus zidane zodiac zombie
zorro zvezda zxcvbn
`

export const commonWords: readonly string[] = `${names}${words}`.trim().split(/\s+/)
