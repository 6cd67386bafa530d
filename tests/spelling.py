"""Numbers as they are written out in Chinese, for whatever reads them back."""


def spelled(value: int) -> str:
    """The full Chinese spelling of 1 to 10^9, written independently of the reader."""
    digits, units = "零一二三四五六七八九", ["", "十", "百", "千"]

    def section(number: int) -> str:
        words, zero = "", False
        for place in range(3, -1, -1):
            digit = number // 10**place % 10
            if digit:
                words += ("零" if zero and words else "") + digits[digit] + units[place]
                zero = False
            else:
                zero = True
        return words

    words, missing = "", False
    for scale, name in ((10**8, "亿"), (10**4, "万"), (1, "")):
        part = value // scale % 10_000
        if not part:
            missing = bool(words)
            continue
        words += ("零" if words and (missing or part < 1000) else "") + section(part) + name
        missing = False
    return words
