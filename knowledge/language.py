"""Which language a text is in, and the two ways to write Chinese.

The script decides where it can; py3langid decides between languages of one script. Texts of a few words
carry too little for it, so frequent function words count as evidence and English is the tie-breaker.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

_NOISE = re.compile(r"https?://\S+|\S+@\S+|`[^`]*`|[0-9_]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]")

# Scripts that one language has nearly to itself, and those that py3langid has to tell apart.
_ONE_LANGUAGE = {
    "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "THAI": "th", "GREEK": "el", "HEBREW": "he",
    "GEORGIAN": "ka", "ARMENIAN": "hy", "BENGALI": "bn", "TAMIL": "ta", "TELUGU": "te", "KANNADA": "kn",
    "MALAYALAM": "ml", "GUJARATI": "gu", "GURMUKHI": "pa", "SINHALA": "si", "KHMER": "km", "LAO": "lo",
    "ORIYA": "or", "ETHIOPIC": "am", "MYANMAR": "my", "TIBETAN": "bo",
}  # fmt: skip
_SEVERAL_LANGUAGES = {
    "CYRILLIC": ("ru", "uk", "bg", "be", "sr", "mk", "kk", "ky", "mn"),
    "ARABIC": ("ar", "fa", "ur", "ug", "ps"),
    "DEVANAGARI": ("hi", "mr", "ne"),
    "LATIN": (
        "en", "de", "fr", "es", "it", "pt", "nl", "id", "ms", "vi", "tr", "pl", "da", "sv", "no", "fi",
        "cs", "sk", "hu", "ro", "hr", "sl", "et", "lv", "lt", "sq", "az", "ca", "tl", "sw", "af", "is",
    ),
}  # fmt: skip

# Words of a founder's short question or greeting that py3langid alone often gets wrong.
_FUNCTION_WORDS = {
    "en": "what who where when why how which is are am was do does did can could may will would should "
    "the a an of for and or to in on at with my your our i we you it this that there any need get "
    "hello hi hey thanks thank please yes no not have has much many long apply rent fee help ok "
    "okay bye good morning tell me about",
    "de": "was wer wo wann warum wie welche ist sind kann können darf muss der die das den dem ein eine "
    "einen und oder für mit von zu bei ich wir sie es gibt hallo danke bitte ja nein nicht guten an am "
    "mein meine meiner meinem unser unsere euer eure ihr ihre will wollen brauche brauchen auch noch wird "
    "tag viel hoch",
    "fr": "que qui où quand pourquoi comment quel quelle quels est sont peut peux dois le la les un une "
    "des du et ou pour avec je nous vous il y a bonjour merci salut oui non pas combien",
    "es": "qué quién dónde cuándo cómo cuál cuánto cuánta es son puedo puede el la los las un una y o "
    "para con de del yo nosotros hay hola gracias sí no cuesta",
    "it": "che chi dove quando perché come quale quanto è sono posso può il lo la gli un una e o per "
    "con di del io noi ciao grazie sì no",
    "pt": "que quem onde quando como qual quanto é são posso pode o a os as um uma e ou para com de do "
    "da eu nós olá oi obrigado obrigada sim não há",
    "nl": "wat wie waar wanneer waarom hoe welke is zijn kan mag moet de het een en of voor met van ik "
    "wij jij je hallo bedankt dank ja nee niet kost",
    "id": "apa siapa di mana kapan mengapa bagaimana berapa yang adalah bisa dapat dan atau untuk "
    "dengan saya kami anda halo terima kasih ya tidak",
}  # fmt: skip
_FUNCTION_WORD_SETS = {code: frozenset(words.split()) for code, words in _FUNCTION_WORDS.items()}
_CHINESE_FUNCTION = re.compile(
    "[的了吗嗎呢吧是什么麼怎哪有能可以请請多少如何在和与與我你您们們谁誰几幾为為不]"
)
# Below this share of the probability the statistics alone do not outweigh "English until shown otherwise".
_SURE = 0.6
# From this many words on, statistics are right and function words are no longer needed.
_ENOUGH_WORDS = 12


def count_scripts(text: str) -> Counter[str]:
    """Count letters by script name ("HAN", "LATIN", …), without addresses, code and digits."""
    counts: Counter[str] = Counter()
    for char, often in Counter(_NOISE.sub(" ", text)).items():
        if char.isascii():
            if char.isalpha():
                counts["LATIN"] += often
        elif char.isalpha():
            script = "HAN" if _HAN.match(char) else unicodedata.name(char, "UNKNOWN").split(" ", 1)[0]
            counts[script] += often
    return counts


def detect(text: str, allowed: Iterable[str] | None = None) -> str:
    """Return the ISO 639-1 code of the text's main language.

    With `allowed` the answer is one of these codes, the first one when nothing speaks for another; without
    it a text that has no letters counts as English.
    """
    choice = tuple(allowed) if allowed is not None else None
    fallback = choice[0] if choice else "en"
    scripts = count_scripts(text)
    if not scripts:
        return fallback
    language = _by_script(text, scripts, choice)
    return language if choice is None or language in choice else fallback


def is_traditional(text: str) -> bool:
    """Tell whether Chinese text is written in traditional characters; False when nothing shows it."""
    to_simple = sum(a != b for a, b in zip(text, _converter("t2s").convert(text), strict=False))
    to_full = sum(a != b for a, b in zip(text, _converter("s2t").convert(text), strict=False))
    return bool(to_simple > to_full)


def to_simplified(text: str) -> str:
    """Rewrite traditional Chinese characters as simplified ones; everything else stays as it is."""
    if not _HAN.search(text):
        return text
    return str(_converter("t2s").convert(text))


def _by_script(text: str, scripts: Counter[str], choice: tuple[str, ...] | None) -> str:
    kana = scripts["HIRAGANA"] + scripts["KATAKANA"]
    han, latin = scripts["HAN"], scripts["LATIN"]
    # Japanese prose always has kana; a lone katakana name in Chinese text has far more Han beside it.
    if kana and kana * 8 >= han and kana * 2 >= latin:
        return "ja"
    main, _ = max(scripts.items(), key=lambda item: (item[1] * (1 if item[0] == "LATIN" else 3), item[0]))
    if han and latin and main in {"HAN", "LATIN"}:
        return _chinese_or_latin(text, han, choice)
    if main == "HAN":
        return "zh"
    if main in _ONE_LANGUAGE:
        return _ONE_LANGUAGE[main]
    return _by_statistics(text, main, choice)


def _chinese_or_latin(text: str, han: int, choice: tuple[str, ...] | None) -> str:
    """Decide mixed text, such as a Chinese question about "BMW Startup Garage", by its function words."""
    words = [word.casefold() for word in _WORD.findall(_NOISE.sub(" ", _HAN.sub(" ", text)))]
    function_words = max(sum(word in known for word in words) for known in _FUNCTION_WORD_SETS.values())
    chinese_share = han / 2 / (han / 2 + len(words))
    speaks_chinese = len(_CHINESE_FUNCTION.findall(text))
    if function_words > speaks_chinese and chinese_share < 0.75:
        return _by_statistics(_HAN.sub(" ", text), "LATIN", choice)
    return "zh" if speaks_chinese or chinese_share >= 0.2 else _by_statistics(text, "LATIN", choice)


def _by_statistics(text: str, script: str, choice: tuple[str, ...] | None) -> str:
    candidates = _SEVERAL_LANGUAGES.get(script, _SEVERAL_LANGUAGES["LATIN"])
    if choice is not None:
        candidates = tuple(code for code in candidates if code in choice) or candidates
    cleaned = _NOISE.sub(" ", text)
    ranked = [(code, p) for code, p in _identifier().rank(cleaned[:4000]) if code in candidates]
    if not ranked:
        return candidates[0]
    total = sum(p for _, p in ranked) or 1.0
    best, share = str(ranked[0][0]), ranked[0][1] / total
    words = [word.casefold() for word in _WORD.findall(cleaned)]
    if script != "LATIN" or len(words) >= _ENOUGH_WORDS:
        return best
    return _with_function_words(words, dict(ranked), best if share >= _SURE else None)


def _with_function_words(words: list[str], shares: dict[str, float], sure: str | None) -> str:
    votes = {
        code: sum(word in known for word in words)
        for code, known in _FUNCTION_WORD_SETS.items()
        if code in shares
    }
    most = max(votes.values(), default=0)
    if most == 0:
        return sure or ("en" if "en" in shares else next(iter(shares)))
    if sure is not None and (sure not in votes or votes[sure] == most):
        return sure
    leaders = [code for code, count in votes.items() if count == most]
    return "en" if "en" in leaders and sure is None else max(leaders, key=lambda code: shares[code])


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@lru_cache(maxsize=2)
def _converter(name: str) -> Any:
    from opencc import OpenCC

    return OpenCC(name)
