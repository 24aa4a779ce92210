"""Names of people from many places: accents, other scripts, apostrophes, and names that are longer than forms expect."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Culture:
    """Where a person's name, language and clock come from. A name is `written` or `written/romanised`."""

    locale: str
    timezone: str
    given: tuple[str, ...]
    family: tuple[str, ...]
    #: The family name comes first in the display name.
    family_first: bool = False


def _culture(locale: str, timezone: str, given: str, family: str, *, family_first: bool = False) -> Culture:
    names = {"given": tuple(given.split(",")), "family": tuple(family.split(","))}
    return Culture(locale=locale, timezone=timezone, family_first=family_first, **names)


CULTURES: Final = (
    _culture(
        "en-GB", "Europe/London",
        "Alice,Oliver,Grace,Harry,Amelia,George,Isla,Arthur,Poppy,Edward,Florence,Thomas",
        "Smith,Taylor,Hughes,Wright,O'Brien,Patel,Clarke,Robinson,Khan,Fletcher,MacLeod,O'Sullivan,Ashworth,Bennett",
    ),
    _culture(
        "de-DE", "Europe/Berlin",
        "Anna,Jürgen,Lena,Matthias,Käthe,Björn,Sophie,Götz,Annegret,Lukas,Hannelore,Sören",
        "Schmidt,Müller,Weiß,Schäfer,Groß,Köhler,Vogel,Schröder,Jäger,Lüdenscheidt,Hoffmann,Böhm,Krause,Lindner",
    ),
    _culture(
        "fr-FR", "Europe/Paris",
        "Chloé,Zoé,François,Élodie,Jean-Baptiste,Noémie,Théo,Anaïs,Loïc,Gaëlle",
        "Dupont,Lefèvre,D'Artois,Girard,N'Diaye,Béranger,L'Hôpital,Moreau,Garçon,Rousseau,Saint-Exupéry",
    ),
    _culture(
        "es-ES", "Europe/Madrid",
        "José,María,Íñigo,Lucía,Ángel,Begoña,Joaquín,Nuria",
        "García Márquez,Núñez,Muñoz,Ibáñez,Peña y Lillo,Fernández de la Vega,Ortega,Castaño",
    ),
    _culture(
        "pl-PL", "Europe/Warsaw",
        "Łukasz,Małgorzata,Zbigniew,Agnieszka,Wojciech,Bożena",
        "Wiśniewska,Brzęczyszczykiewicz,Dąbrowska,Śliwa,Kowalczyk,Żurawska",
    ),
    _culture(
        "da-DK", "Europe/Copenhagen",
        "Søren,Åse,Freja,Jørgen,Bjørk,Signe",
        "Sørensen,Ågård,Kjær,Thorbjørnsen,Østergaard,Mølgaard",
    ),
    _culture(
        "vi-VN", "Asia/Ho_Chi_Minh",
        "Thảo,Minh Châu,Đức,Hương Giang,Tuấn",
        "Nguyễn,Trần,Phạm,Đặng,Lê",
        family_first=True,
    ),
    _culture(
        "ja-JP", "Asia/Tokyo",
        "由紀/Yuki,健太/Kenta,美咲/Misaki,翔/Sho,さくら/Sakura",
        "田中/Tanaka,鈴木/Suzuki,小山内/Osanai,渡邊/Watanabe,佐藤/Sato",
        family_first=True,
    ),
    _culture(
        "zh-CN", "Asia/Shanghai",
        "芳/Fang,伟/Wei,秀英/Xiuying,欧阳娜/Ouyangna",
        "王/Wang,李/Li,司马/Sima,赵/Zhao",
        family_first=True,
    ),
    _culture(
        "ko-KR", "Asia/Seoul",
        "민준/Minjun,서연/Seoyeon,지호/Jiho",
        "김/Kim,박/Park,남궁/Namgung",
        family_first=True,
    ),
    _culture(
        "uk-UA", "Europe/Kyiv",
        "Олена/Olena,Тарас/Taras,Соломія/Solomiia,Мар'яна/Mariana",  # noqa: RUF001 - Ukrainian
        "Шевченко/Shevchenko,Кравець/Kravets,Лук'яненко/Lukianenko",
    ),
    _culture(
        "el-GR", "Europe/Athens",
        "Ελένη/Eleni,Γιώργος/Giorgos,Κωνσταντίνα/Konstantina",
        "Παπαδοπούλου/Papadopoulou,Οικονόμου/Oikonomou,Χατζηγιαννάκης/Chatzigiannakis",
    ),
    _culture(
        "ar-EG", "Africa/Cairo",
        "فاطمة/Fatima,يوسف/Yusuf,ليلى/Layla",
        "الشريف/Elsherif,منصور/Mansour,عبد الرحمن/Abdelrahman",
    ),
    _culture(
        "hi-IN", "Asia/Kolkata",
        "अनन्या/Ananya,अर्जुन/Arjun,प्रिया/Priya",
        "शर्मा/Sharma,चतुर्वेदी/Chaturvedi,अय्यर/Iyer",
    ),
    _culture(
        "th-TH", "Asia/Bangkok",
        "สมชาย/Somchai,กัญญารัตน์/Kanyarat",
        "ศรีสุข/Srisuk,วงศ์สุวรรณ/Wongsuwan",
    ),
)  # fmt: skip

#: People whom every directory meets sooner or later: (culture, given name, family name).
REMARKABLE: Final = (
    ("en-GB", "Maximiliane-Anneliese Theodora", "Freifrau von und zu Hohenstein-Schellenberg-Wittgenstein"),
    ("en-GB", "Hubert", "Wolfeschlegelsteinhausenbergerdorff"),
    ("en-GB", "Bo", "O"),
    ("de-DE", "Anna", "Schmidt"),
    ("de-DE", "Anna", "Schmidt"),
    ("de-DE", "Anna", "Schmidt"),
    ("en-GB", "Seán Pádraig", "Ó Súilleabháin-O'Doherty"),
    ("ja-JP", "由紀/Yuki", "田中/Tanaka"),
    ("ar-EG", "عبد الفتاح/Abdelfattah", "الزهراوي/Elzahrawi"),
    ("es-ES", "María de los Ángeles Guadalupe", "Fernández de Córdoba y Álvarez de Toledo"),
)

#: Letters that do not fall apart into a base letter and marks.
ROMANISED: Final = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "æ": "ae", "å": "a", "Å": "A"}
)
