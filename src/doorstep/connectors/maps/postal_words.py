"""The words of a street address and their short forms: a working part of USPS Publication 28, appendices B and C.

Tables, nothing else: long or common form in lower case to the standard abbreviation.
"""

# Publication 28, appendix C1: the suffixes that name most streets of the two pilots and of any suburb.
SUFFIXES = {
    word: short
    for short, words in {
        "Aly": "alley aly ally",
        "Ave": "avenue ave av aven",
        "Bnd": "bend bnd",
        "Blvd": "boulevard blvd boul",
        "Br": "branch br",
        "Brg": "bridge brg",
        "Brk": "brook brk",
        "Byp": "bypass byp",
        "Cir": "circle cir circ crcl",
        "Clb": "club clb",
        "Cmn": "common cmn",
        "Cor": "corner cor",
        "Ct": "court ct crt",
        "Cv": "cove cv",
        "Crk": "creek crk",
        "Cres": "crescent cres",
        "Xing": "crossing xing crssng",
        "Dr": "drive dr drv driv",
        "Ext": "extension ext",
        "Expy": "expressway expy expw",
        "Fwy": "freeway fwy",
        "Gdns": "gardens gdns",
        "Gln": "glen gln",
        "Grn": "green grn",
        "Grv": "grove grv",
        "Hts": "heights hts",
        "Hwy": "highway hwy hiway",
        "Hl": "hill hl",
        "Holw": "hollow holw",
        "Is": "island is",
        "Jct": "junction jct",
        "Lk": "lake lk",
        "Lndg": "landing lndg",
        "Ln": "lane ln",
        "Loop": "loop loops",
        "Mall": "mall",
        "Mdws": "meadows mdws",
        "Ml": "mill ml",
        "Mt": "mount mt",
        "Orch": "orchard orch",
        "Oval": "oval ovl",
        "Park": "park prk",
        "Pkwy": "parkway pkwy parkwy pky",
        "Pass": "pass",
        "Path": "path paths",
        "Pike": "pike pikes",
        "Pl": "place pl",
        "Plz": "plaza plz",
        "Pt": "point pt",
        "Rnch": "ranch rnch",
        "Rdg": "ridge rdg",
        "Riv": "river riv",
        "Rd": "road rd",
        "Rte": "route rte",
        "Row": "row",
        "Run": "run",
        "Shr": "shore shr",
        "Spg": "spring spg",
        "Sq": "square sq sqr",
        "Sta": "station sta",
        "St": "street st str strt",
        "Smt": "summit smt",
        "Ter": "terrace ter terr",
        "Trce": "trace trce",
        "Trl": "trail trl",
        "Tpke": "turnpike tpke",
        "Vly": "valley vly",
        "Vw": "view vw",
        "Vlg": "village vlg",
        "Vis": "vista vis",
        "Walk": "walk walks",
        "Way": "way wy",
        "Wood": "wood",
    }.items()
    for word in words.split()
}

# Publication 28, appendix B and section 233.
DIRECTIONS = {
    word: short
    for short, words in {
        "N": "n north",
        "S": "s south",
        "E": "e east",
        "W": "w west",
        "NE": "ne northeast",
        "NW": "nw northwest",
        "SE": "se southeast",
        "SW": "sw southwest",
    }.items()
    for word in words.split()
}

# A direction before one of these is part of the street's name: "West End Ave".
BEHIND_A_DIRECTION = frozenset({"bank", "end", "gate", "side"})

# Words that stay small inside a name.
SMALL_WORDS = frozenset({"and", "at", "of", "the"})

# Publication 28, appendix C2: units that are followed by a number or name.
UNITS = {
    word: short
    for short, words in {
        "Apt": "apartment apt appartment",
        "Bldg": "building bldg",
        "Dept": "department dept",
        "Fl": "floor fl flr",
        "Lot": "lot",
        "Rm": "room rm",
        "Slip": "slip",
        "Spc": "space spc",
        "Ste": "suite ste",
        "Trlr": "trailer trlr",
        "Unit": "unit",
        "#": "# no number num",
    }.items()
    for word in words.split()
}

# Units that stand alone.
LONE_UNITS = {
    word: short
    for short, words in {
        "Bsmt": "basement bsmt",
        "Frnt": "front frnt",
        "Lbby": "lobby lbby",
        "Lowr": "lower lowr",
        "Ofc": "office ofc",
        "Ph": "penthouse ph",
        "Rear": "rear",
        "Uppr": "upper uppr",
    }.items()
    for word in words.split()
}

# Words of city names that people shorten; compared in the long form.
CITY_WORDS = {
    "st": "saint",
    "ste": "sainte",
    "mt": "mount",
    "ft": "fort",
    "pt": "point",
    "spgs": "springs",
} | {short.lower(): word for word, short in DIRECTIONS.items() if len(word) > 2}

STATES = {
    "alabama": "AL",
    "alaska": "AK",
    "arizona": "AZ",
    "arkansas": "AR",
    "california": "CA",
    "colorado": "CO",
    "connecticut": "CT",
    "delaware": "DE",
    "district of columbia": "DC",
    "florida": "FL",
    "georgia": "GA",
    "hawaii": "HI",
    "idaho": "ID",
    "illinois": "IL",
    "indiana": "IN",
    "iowa": "IA",
    "kansas": "KS",
    "kentucky": "KY",
    "louisiana": "LA",
    "maine": "ME",
    "maryland": "MD",
    "massachusetts": "MA",
    "michigan": "MI",
    "minnesota": "MN",
    "mississippi": "MS",
    "missouri": "MO",
    "montana": "MT",
    "nebraska": "NE",
    "nevada": "NV",
    "new hampshire": "NH",
    "new jersey": "NJ",
    "new mexico": "NM",
    "new york": "NY",
    "north carolina": "NC",
    "north dakota": "ND",
    "ohio": "OH",
    "oklahoma": "OK",
    "oregon": "OR",
    "pennsylvania": "PA",
    "puerto rico": "PR",
    "rhode island": "RI",
    "south carolina": "SC",
    "south dakota": "SD",
    "tennessee": "TN",
    "texas": "TX",
    "utah": "UT",
    "vermont": "VT",
    "virginia": "VA",
    "washington": "WA",
    "west virginia": "WV",
    "wisconsin": "WI",
    "wyoming": "WY",
}
