# Flattens a JSON document (RFC 8259) to lines of `path/to/key<TAB>value`.
{ text = text $0 " " }
END { value("") }

function token() {
    if (!match(text, /^[ \t\r]*("([^"\\]|\\.)*"|[][{}:,]|[^][{}:,"\t\r ]+)/)) return ""
    found = substr(text, 1, RLENGTH)
    text = substr(text, RLENGTH + 1)
    sub(/^[ \t\r]+/, "", found)
    return found
}
function value(path,    word) {
    word = token()
    if (word == "{") object(path)
    else if (word == "[") list(path)
    else if (word != "") print path "\t" plain(word)
}
function object(path,    key) {
    while ((key = token()) != "" && key != "}") {
        if (key == ",") continue
        token()
        value(path (path == "" ? "" : "/") plain(key))
    }
}
function list(path,    i) {
    while (match(text, /^[ \t\r]*,?[ \t\r]*[^] \t\r,]/)) {
        sub(/^[ \t\r]*,?[ \t\r]*/, "", text)
        value(path "/" i++)
    }
    token()
}
function plain(word,    out, at, code) {
    if (word !~ /^"/) return word
    word = substr(word, 2, length(word) - 2)
    while (at = index(word, "\\")) {
        code = substr(word, at + 1, 1)
        out = out substr(word, 1, at - 1)
        if (code == "u") {
            out = out sprintf("%c", hex(substr(word, at + 2, 4)))
            at += 4
        } else out = out (code in escape ? escape[code] : code)
        word = substr(word, at + 2)
    }
    return out word
}
function hex(digits,    i, n) {
    for (i = 1; i <= 4; i++) n = n * 16 + index("0123456789abcdef", tolower(substr(digits, i, 1))) - 1
    return n
}
BEGIN { escape["n"] = " "; escape["t"] = " "; escape["r"] = ""; escape["b"] = ""; escape["f"] = "" }
