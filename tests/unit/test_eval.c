/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_eval.c - expressions. What the rows want was made by perl 5.36 from the
 * same expressions.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/compiler.h"
#include "input/eval.h"
#include "tap.h"

struct row {
	const char *text;
	const char *value;
	const char *want;
};

static char *const values[] = { (char *)"one", (char *)"two three", NULL };

static struct eval_job job_of(const char *value)
{
	return (struct eval_job){
		.value = value, .values = values, .n = 2,
		.seq = 7, .slot = 2, .total = 12, .most = 4,
	};
}

/* Adds what it makes of value to out; -2 when it can't be compiled. */
static int evaluate(const char *text, const char *value, struct buf *out,
		    unsigned *wishes, struct buf *err)
{
	struct eval_job job = job_of(value);
	struct eval *e = eval_new(text, strlen(text), NULL, 0, NULL, err);
	int ret = -2;

	if (e)
		ret = eval_run(e, &job, out, wishes, err);
	eval_free(e);
	return ret;
}

#ifdef HAVE_PCRE2
static const struct row rows[] = {
	{ "$_=$_", "a b", "a b" },
	{ "s/a/b/", "banana", "bbnana" },
	{ "s/a/b/g", "banana", "bbnbnb" },
	{ "s/A/x/gi", "banana", "bxnxnx" },
	{ "s/a/b/gi;", "BANANA", "BbNbNb" },
	{ "s:.*/::", "d/e/f.g", "f.g" },
	{ "s:/[^/]*$:: || s:.*$::", "d/e/f.g", "d/e" },
	{ "s:/[^/]*$:: || s:.*$::", "plain", "" },
	{ "s/\\.[^.]+$//", "a.b.c", "a.b" },
	{ "s/\\.[^.]+$//; s/^/x/", "a.b.c", "xa.b" },
	{ "s/(\\w+) (\\w+)/$2 $1/", "hello world", "world hello" },
	{ "s/(\\w+)/\\u$1/g", "hello big world", "Hello Big World" },
	{ "s/(\\w+)/\\U$1/", "hello big world", "HELLO big world" },
	{ "s/(\\w+)/\\U$1\\E-$1/", "hello big world", "HELLO-hello big world" },
	{ "s/(\\w+) (\\w+)/\\u\\L$1\\E \\l$2/", "HELLO WORLD", "Hello wORLD" },
	{ "s/\\Q.\\E/X/g", "a.b.c", "aXbXc" },
	{ "s/(\\d+)/$1*2/e", "abc12def", "abc24def" },
	{ "s/(\\d+)/sprintf(\"%04d\",$1)/ge", "a1b22c333", "a0001b0022c0333" },
	{ "s/(.)/ord($1).\",\"/ge", "abc", "97,98,99," },
	{ "s{a}{b}", "banana", "bbnana" },
	{ "s{a}(b)g", "banana", "bbnbnb" },
	{ "s(a)[b]g", "banana", "bbnbnb" },
	{ "s,/,_,g", "a/b/c", "a_b_c" },
	{ "s|/|_|g", "a/b/c", "a_b_c" },
	{ "s#/#_#g", "a/b/c", "a_b_c" },
	{ "s/\\//_/g", "a/b/c", "a_b_c" },
	{ "s!a!\\!!", "banana", "b!nana" },
	{ "s/^\\s+|\\s+$//g", "  both ends  ", "both ends" },
	{ "s/x*/-/g", "abc", "-a-b-c-" },
	{ "s/b*/-/g", "abbc", "-a--c-" },
	{ "s/(?<=a)n/N/g", "banana", "baNaNa" },
	{ "s/(a)(x)?/[$1$2]/g", "banana", "b[a]n[a]n[a]" },
	{ "s/$/!/", "abc", "abc!" },
	{ "s/^/> /", "abc", "> abc" },
	{ "s/./X/s", "abc", "Xbc" },
	{ "s/ b /X/x", "abc", "aXc" },
	{ "$_ = s/a/b/r", "banana", "bbnana" },
	{ "$_ = s/a/b/g", "banana", "3" },
	{ "$_ = s/q/b/g", "banana", "" },
	{ "$_ = tr/a//", "banana", "3" },
	{ "tr/a-z/A-Z/", "Banana", "BANANA" },
	{ "y/abc/xyz/", "aabbcc", "xxyyzz" },
	{ "tr/a-zA-Z//cd", "a1b2-c3", "abc" },
	{ "tr/a-zA-Z//s", "aabbccDD", "abcD" },
	{ "tr/a-z/A-C/", "abcdef", "ABCCCC" },
	{ "tr/a-z//d", "aXbYc", "XY" },
	{ "tr/a-y/b-z/", "hal", "ibm" },
	{ "$_ = tr/a-z//cr", "a1b2", "a1b2" },
	{ "$_ = ($_ =~ tr/a/b/r)", "banana", "bbnbnb" },
	{ "$_ = uc", "abc", "ABC" },
	{ "$_=uc($_)", "abc", "ABC" },
	{ "$_ = lc $_", "ABC", "abc" },
	{ "$_ = ucfirst lc", "ABC def", "Abc def" },
	{ "$_ = lcfirst", "ABC", "aBC" },
	{ "$_ = length", "hello", "5" },
	{ "$_ = length($_) + 1", "hello", "6" },
	{ "$_ = length $_ . \"xx\"", "hello", "7" },
	{ "$_ = reverse $_", "abc", "cba" },
	{ "$_ = reverse", "abc", "cba" },
	{ "$_ = join(\",\", reverse split(/,/, $_))", "a,b,c", "c,b,a" },
	{ "$_ = join \"-\", split //", "abc", "a-b-c" },
	{ "$_ = join \"-\", split /,/", "a,b,,c,,", "a-b--c" },
	{ "$_ = join \"-\", split(/,/, $_, -1)", "a,b,,c,,", "a-b--c--" },
	{ "$_ = join \"-\", split(/,/, $_, 2)", "a,b,,c,,", "a-b,,c,," },
	{ "$_ = join \"-\", split", "  a  b c ", "a-b-c" },
	{ "$_ = join \"-\", split ' '", "  a  b c ", "a-b-c" },
	{ "$_ = join \"-\", split(' ', $_)", "  a  b c ", "a-b-c" },
	{ "$_ = join \"-\", split(/ /, $_)", "  a  b c ", "--a--b-c" },
	{ "$_ = join \"-\", split(/(,)/, $_)", "a,b,c", "a-,-b-,-c" },
	{ "$_ = join \"-\", split(\"b\", $_)", "abcbd", "a-c-d" },
	{ "$_ = join \"-\", split(/\\s*/, $_)", "a b  cd", "a-b-c-d" },
	{ "$_ = join \"|\", split /^/", "a", "a" },
	{ "$_ = (split /,/)[1]", "a,b,c", "b" },
	{ "$_ = (split(/,/, $_))[-1]", "a,b,c", "c" },
	{ "$_ = (split m{/})[0,2]", "x/y/z", "z" },
	{ "$_ = scalar(split /,/)", "a,b,c", "3" },
	{ "$_ = (split)[1]", "a b c", "b" },
	{ "@a = split /,/; $_ = $a[1] . $a[0]", "x,y", "yx" },
	{ "my @a = split /,/; $_ = \"@a\"", "x,y", "x y" },
	{ "my @a = split /,/; $_ = $#a", "x,y,z", "2" },
	{ "my @a = split /,/; $_ = scalar @a", "x,y,z", "3" },
	{ "my @a = split /,/; $_ = @a + 1", "x,y,z", "4" },
	{ "my ($x,$y) = split /,/; $_ = \"$y$x\"", "x,y,z", "yx" },
	{ "($x,$y) = split /,/; $_ = \"$y-$x\"", "x,y,z", "y-x" },
	{ "my ($x,@r) = split /,/; $_ = \"@r\"", "x,y,z", "y z" },
	{ "my ($x) = /(\\d+)/; $_ = $x", "abc123def", "123" },
	{ "my $x = $_; $x =~ s/a/b/; $_ = \"$x $_\"",
	  "banana", "bbnana banana" },
	{ "(my $x = $_) =~ s/a/b/g; $_ = $x", "banana", "bbnbnb" },
	{ "($x = $_) =~ tr/a-z/A-Z/; $_ = $x", "banana", "BANANA" },
	{ "$_ = join \",\", /(\\d)/g", "a1b2c3", "1,2,3" },
	{ "$_ = join \",\", /\\d/g", "a1b2c3", "1,2,3" },
	{ "$_ = () = /a/g", "banana", "3" },
	{ "$_ = /an/ ? \"yes\" : \"no\"", "banana", "yes" },
	{ "$_ = !/an/ ? \"yes\" : \"no\"", "banana", "no" },
	{ "$_ = $_ =~ /x/ ? 1 : 0", "banana", "0" },
	{ "$_ = $_ !~ /x/ ? 1 : 0", "banana", "1" },
	{ "$_ = m{n(.)n} ? $1 : \"\"", "banana", "a" },
	{ "/n(.)/ and $_ = $&", "banana", "na" },
	{ "/x/ or $_ = \"none\"", "banana", "none" },
	{ "/(.)(.)(.)/ && ($_ = \"$3$2$1\")", "abc", "cba" },
	{ "$_ = \"x\" if /ana$/", "banana", "x" },
	{ "$_ = \"x\" unless /ana$/", "banana", "banana" },
	{ "$_ = \"A\" if $_ eq \"a\"; $_ .= \"z\"", "a", "Az" },
	{ "if (/^b/) { $_ = \"B\" } else { $_ = \"other\" }", "banana", "B" },
	{ "if (/^x/) { $_ = \"B\" } elsif (/^b/) { $_ = \"C\"; } else {"
	  " $_ = \"other\" }",
	  "banana", "C" },
	{ "unless (/^x/) { $_ .= 1 } $_ .= 2", "banana", "banana12" },
	{ "$_ = $_ + 1", "41", "42" },
	{ "$_++", "41", "42" },
	{ "$_++", "az", "ba" },
	{ "$_++", "Zz", "AAa" },
	{ "$_++", "a9", "b0" },
	{ "$_++", "zz9", "aaa0" },
	{ "$_++", "09", "10" },
	{ "$_--", "41", "40" },
	{ "++$_", "9", "10" },
	{ "$_ += 5", "1", "6" },
	{ "$_ -= 5", "1", "-4" },
	{ "$_ *= 5", "3", "15" },
	{ "$_ /= 4", "3", "0.75" },
	{ "$_ **= 2", "7", "49" },
	{ "$_ %= 4", "7", "3" },
	{ "$_ .= \"x\"", "7", "7x" },
	{ "$_ x= 3", "ab", "ababab" },
	{ "$_ ||= \"dflt\"", "0", "dflt" },
	{ "$_ ||= \"dflt\"", "x", "x" },
	{ "$_ &&= \"and\"", "x", "and" },
	{ "$_ //= \"no\"", "0", "0" },
	{ "$_ = $_ * 2 + 3", "4", "11" },
	{ "$_ = 2 + 3 * $_", "4", "14" },
	{ "$_ = (2 + 3) * $_", "4", "20" },
	{ "$_ = -$_ ** 2", "3", "-9" },
	{ "$_ = 2 ** 3 ** 2", "0", "512" },
	{ "$_ = 10 / 3", "0", "3.33333333333333" },
	{ "$_ = 7 % 3 . \",\" . -7 % 3 . \",\" . 7 % -3", "0", "1,2,-2" },
	{ "$_ = 7.5 % 2", "0", "1" },
	{ "$_ = int(7 / 2)", "0", "3" },
	{ "$_ = int -3.7", "0", "-3" },
	{ "$_ = abs(-3.5)", "0", "3.5" },
	{ "$_ = sqrt 16", "0", "4" },
	{ "$_ = sprintf \"%.3f\", exp(1)", "0", "2.718" },
	{ "$_ = sprintf \"%.3f\", log(10)", "0", "2.303" },
	{ "$_ = sprintf \"%.3f\", sin(1) + cos(1)", "0", "1.382" },
	{ "$_ = 1e3", "0", "1000" },
	{ "$_ = 1_000_000", "0", "1000000" },
	{ "$_ = 0x1f . \" \" . 0b101 . \" \" . 017", "0", "31 5 15" },
	{ "$_ = .5 + 1.25", "0", "1.75" },
	{ "$_ = 1.0", "0", "1" },
	{ "$_ = 1.10", "0", "1.1" },
	{ "$_ = 0.1 + 0.2", "0", "0.3" },
	{ "$_ = 1e21 + 1", "0", "1e+21" },
	{ "$_ = 10 ** 15", "0", "1000000000000000" },
	{ "$_ = 2 ** 62", "0", "4.61168601842739e+18" },
	{ "$_ = 2 ** 0.5", "0", "1.4142135623731" },
	{ "$_ = 1000000 * 1000000", "0", "1000000000000" },
	{ "$_ = 9007199254740993 + 0", "0", "9007199254740993" },
	{ "$_ = 3e15 / 1", "0", "3e+15" },
	{ "$_ = 1 / 4", "0", "0.25" },
	{ "$_ = $_ + 0", "12abc", "12" },
	{ "$_ = $_ + 0", "abc", "0" },
	{ "$_ = $_ + 0", " 3.5e2x", "350" },
	{ "$_ = $_ + 0", "0x10", "0" },
	{ "$_ = $_ + 0", ".5", "0.5" },
	{ "$_ = $_ + 0", "-7", "-7" },
	{ "$_ = $_ + 0", "+7", "7" },
	{ "$_ = $_ + 0", "1e5", "100000" },
	{ "$_ = -$_", "foo", "-foo" },
	{ "$_ = -$_", "3", "-3" },
	{ "$_ = 9**9**9", "0", "Inf" },
	{ "$_ = -9**9**9", "0", "-Inf" },
	{ "$_ = 1 <=> 2", "0", "-1" },
	{ "$_ = \"b\" cmp \"a\"", "0", "1" },
	{ "$_ = \"10\" == 10.0", "0", "1" },
	{ "$_ = \"abc\" lt \"abd\"", "0", "1" },
	{ "$_ = (\"a\" eq \"b\") . \"x\"", "0", "x" },
	{ "$_ = (1 == 1) . \"x\"", "0", "1x" },
	{ "$_ = 5 > 3 ? \"gt\" : \"le\"", "0", "gt" },
	{ "$_ = 5 > 3 && 2 > 1", "0", "1" },
	{ "$_ = 0 || \"or\"", "0", "or" },
	{ "$_ = \"0.0\" ? \"true\" : \"false\"", "0", "true" },
	{ "$_ = \"0\" ? \"true\" : \"false\"", "0", "false" },
	{ "$_ = \"\" ? \"true\" : \"false\"", "0", "false" },
	{ "$_ = \"00\" ? \"true\" : \"false\"", "0", "true" },
	{ "$_ = !1 . \"x\"", "0", "x" },
	{ "$_ = !0", "0", "1" },
	{ "$_ = not 0", "0", "1" },
	{ "$_ = 1 <= 2 and 3", "0", "1" },
	{ "$_ = (1 xor 1) . \"x\"", "0", "x" },
	{ "$_ = 6 & 3 | 8 ^ 1", "0", "11" },
	{ "$_ = 1 << 4 >> 1", "0", "8" },
	{ "$_ = \"a\" . 1 + 2", "0", "2" },
	{ "$_ = \"3\" . \"4\" + 1", "0", "35" },
	{ "$_ = \"ab\" x 2.7", "0", "abab" },
	{ "$_ = \"ab\" x -1", "0", "" },
	{ "$_ = \"-\" x length($_) . \"|\"", "abc", "---|" },
	{ "$_ = \"a\" lt \"b\" ? $_ eq \"x\" ? 1 : 2 : 3", "x", "1" },
	{ "$_ = sprintf(\"%05d\", $_)", "42", "00042" },
	{ "$_ = sprintf(\"%05.1f|%-5s|%5s|%x|%X|%o|%e|%g\", 3.14159, \""
	  "ab\", \"cd\", 255, 255, 8, 12345.678, 0.0001)",
	  "0", "003.1|ab   |   cd|ff|FF|10|1.234568e+04|0.0001" },
	{ "$_ = sprintf(\"%s %s\", $_, uc)", "ab", "ab AB" },
	{ "$_ = sprintf(\"%3d%%\", 50)", "0", " 50%" },
	{ "$_ = sprintf(\"%b %08b %#b %#x %#o\", 5, 5, 5, 255, 8)",
	  "0", "101 00000101 0b101 0xff 010" },
	{ "$_ = sprintf(\"%+d % d %+.2f\", 3, 3, 3)", "0", "+3  3 +3.00" },
	{ "$_ = sprintf(\"%*d|%-*d|\", 5, 42, 5, 42)", "0", "   42|42   |" },
	{ "$_ = sprintf(\"%.2s|%.0f|%.1f\", \"abcdef\", 2.5, 0.25)",
	  "0", "ab|2|0.2" },
	{ "$_ = sprintf(\"%c%c\", 65, 66)", "0", "AB" },
	{ "$_ = sprintf(\"%s\")", "0", "" },
	{ "$_ = sprintf(\"%03d\", $_ / 2)", "7", "003" },
	{ "$_ = sprintf(\"%d\", \"12abc\")", "0", "12" },
	{ "$_ = sprintf(\"%d\", 3.99)", "0", "3" },
	{ "$_ = sprintf(\"%d\", -3.99)", "0", "-3" },
	{ "$_ = sprintf(\"%s\", 1e15) . sprintf(\" %s\", 1e14)",
	  "0", "1e+15 100000000000000" },
	{ "$_ = sprintf(\"%05s\", \"ab\")", "0", "000ab" },
	{ "$_ = sprintf('%02d:%02d', $_/60, $_%60)", "135", "02:15" },
	{ "$_ = substr($_, 1)", "hello", "ello" },
	{ "$_ = substr($_, 1, 3)", "hello", "ell" },
	{ "$_ = substr($_, -3)", "hello", "llo" },
	{ "$_ = substr($_, -3, 2)", "hello", "ll" },
	{ "$_ = substr($_, 1, -1)", "hello", "ell" },
	{ "$_ = substr($_, 0, 100)", "hello", "hello" },
	{ "$_ = substr($_, 5) . \"|\"", "hello", "|" },
	{ "$_ = substr $_, 0, 2", "hello", "he" },
	{ "substr($_,0,1) = \"J\"", "hello", "Jello" },
	{ "substr($_,0,2) = \"\"", "hello", "llo" },
	{ "substr($_, -1) = \"y!\"", "hello", "helly!" },
	{ "substr($_,1,1,\"EE\")", "hello", "hEEllo" },
	{ "$_ = substr($_,1,2,\"EE\") . $_", "hello", "elhEElo" },
	{ "$_ = index($_, \"l\")", "hello", "2" },
	{ "$_ = index($_, \"l\", 3)", "hello", "3" },
	{ "$_ = index($_, \"z\")", "hello", "-1" },
	{ "$_ = rindex($_, \"l\")", "hello", "3" },
	{ "$_ = rindex($_, \"l\", 2)", "hello", "2" },
	{ "$_ = index($_, \"\")", "hello", "0" },
	{ "$_ = index $_, \"lo\"", "hello", "3" },
	{ "$_ = hex(\"ff\") . \" \" . hex(\"0x1F\") . \" \" . oct(\"755"
	  "\") . \" \" . oct(\"0x1f\") . \" \" . oct(\"0b11\")",
	  "0", "255 31 493 31 3" },
	{ "$_ = ord(\"A\") . chr(66)", "0", "65B" },
	{ "$_ = quotemeta", "a.b*c", "a\\.b\\*c" },
	{ "$_ = ucfirst(lc($_))", "hELLO", "Hello" },
	{ "$_ = lc(uc $_) . \"x\"", "aB", "abx" },
	{ "$_ = defined($zz = $_) ? 1 : 0", "x", "1" },
	{ "chomp; $_ .= \"|\"", "abc", "abc|" },
	{ "chop; ", "abc", "ab" },
	{ "chop; chop", "abc", "a" },
	{ "$_ = \"a$_\" . 'b$_' . \"\\t|\\x41\\x{42}\\\\\\$\"",
	  "v", "avb$_\t|AB\\$" },
	{ "$_ = q(a(b)c) . qq{<$_>}", "v", "a(b)c<v>" },
	{ "$_ = join \",\", qw(a b c)", "v", "a,b,c" },
	{ "$_ = \"${_}x\"", "v", "vx" },
	{ "$_ = \"$_-$_\"", "v", "v-v" },
	{ "$_ = \"\\@$_\"", "v", "@v" },
	{ "$x = \"v\"; $_ = \"${x}y$x\"", "a", "vyv" },
	{ "$x = 1; $x++; $_ = $x", "a", "2" },
	{ "my $x = 3; my $y = $x * 2; $_ = $y - 1", "a", "5" },
	{ "our $x = 3; $_ = $x", "a", "3" },
	{ "$a = $b = 3; $_ = $a + $b", "a", "6" },
	{ "$_ = $arg[0] . $arg[1]", "one", "one" },
	{ "$_ = \"$arg[1]-$arg[0]\"", "one", "one-" },
	{ "$_ = $#arg", "one", "2" },
	{ "$_ = scalar(@arg)", "one", "3" },
	{ "$_ = \"@arg\"", "one", " one two three" },
	{ "$_ = join(\"+\", @arg)", "one", "+one+two three" },
	{ "$_ = $arg[-1]", "one", "two three" },
	{ "$_ = $arg[7] . \"x\"", "one", "x" },
	{ "$_ = join \",\", 1..5", "a", "1,2,3,4,5" },
	{ "$_ = join \",\", map { $_ * 2 } 1..3", "a", "2,4,6" },
	{ "$_ = join \",\", map { \"<$_>\" } split /,/", "a,b", "<a>,<b>" },
	{ "$_ = join \",\", grep { $_ > 1 } 1..3", "a", "2,3" },
	{ "$_ = join \",\", grep { /b/ } qw(ab cd eb)", "a", "ab,eb" },
	{ "$_ = join \",\", map(uc, qw(a b))", "a", "A,B" },
	{ "$_ = join \",\", grep(/b/, qw(ab cd))", "a", "ab" },
	{ "my $s = 0; $s += $_ for 1..4; $_ = $s", "a", "10" },
	{ "my $s = \"\"; for my $i (1..3) { $s .= $i * 2 } $_ = $s",
	  "a", "246" },
	{ "my $s = \"\"; foreach (split /,/) { $s = \"$_$s\" } $_ = $s",
	  "a,b,c", "cba" },
	{ "for $t (1..2) { $_ .= $t }", "a", "a12" },
	{ "$_ = seq() * 10", "a", "70" },
	{ "$_=$job->seq()", "a", "7" },
	{ "$_ = $job->slot() + slot()", "a", "4" },
	{ "$_ = seq()", "a", "7" },
	{ "$_ = sprintf(\"%02d-%s\", seq(), $_)", "a", "07-a" },
	{ "$_ = total_jobs()", "a", "12" },
	{ "$_ = seq() % 2 ? \"odd\" : \"even\"", "a", "odd" },
	{ "# comment only", "a", "a" },
	{ "$_ = 1; # comment", "a", "1" },
	{ "$_ = \"a;b\"; $_ .= 'c;d'", "a", "a;bc;d" },
	{ " ", "a", "a" },
	{ ";;", "a", "a" },
	{ "$_=\"\";", "a", "" },
	{ "$_=undef", "a", "" },
	{ "$_ = undef . \"x\"", "a", "x" },
	{ "s/.*\\///; s/\\.[^.]*$//", "/x/y/z.tar.gz", "z.tar" },
	{ "s/(.*)\\.(.*)/$2.$1/", "a.b.c", "c.a.b" },
	{ "s/[^a-z]//g", "a1b2", "ab" },
	{ "s/\\s+/_/g", "a  b c", "a_b_c" },
	{ "s/\\W/_/g", "a/b c", "a_b_c" },
	{ "s/[aeiou]/*/g", "education", "*d*c*t**n" },
	{ "s/(?i)HELLO/x/", "hello", "x" },
	{ "s/a|b/x/g", "cabbage", "cxxxxge" },
	{ "s/^(.)(.*)$/$2$1ay/", "pig", "igpay" },
	{ "s/\\d{2,3}/N/", "a1234", "aN4" },
	{ "s/(.)\\1/<$1$1>/g", "aabbc", "<aa><bb>c" },
	{ "s/\\bfoo\\b/bar/", "a foo b", "a bar b" },
	{ "s/a{2}/x/", "baab", "bxb" },
	{ "s/$_/x/", "abc", "x" },
	{ "my $p = \"b+\"; s/$p/x/", "abbc", "axc" },
	{ "my $p = \"a.b\"; s/\\Q$p\\E/x/", "a.b", "x" },
	{ "s/$arg[0]/x/", "one two", "xone two" },
	{ "s/(one)/$1$arg[1]/", "one two", "oneone two" },
	{ "s/\\$/USD/", "5$", "5USD" },
	{ "s/@/ at /", "a@b", "a at b" },
	{ "s/\\@/ at /", "a@b", "a at b" },
	{ "s'a'$x'", "banana", "b$xnana" },
	{ "s/a/\\//g", "banana", "b/n/n/" },
	{ "s/a/\\n/", "banana", "b\nnana" },
	{ "s/a/\\t$&\\\\/", "banana", "b\ta\\nana" },
	{ "s/(?<x>n)/N/", "banana", "baNana" },
	{ "s/(a)(?=n)/A/g", "banana", "bAnAna" },
	{ "s/^(?:b)(a)/$1/", "banana", "anana" },
	{ "s/\\.gz$// and $_ .= \".xz\"", "f.gz", "f.xz" },
	{ "s/\\.gz$// && s/$/.xz/", "f.gz", "f.xz" },
	{ "s/foo/bar/ || s/ban/BAN/", "banana", "BANana" },
	{ "$_ = \"x\" . ($_ eq \"a\" ? \"b\" : \"c\") . \"y\"", "a", "xby" },
	{ "$_ = ($_ > 5) ? \"big\" : \"small\"", "7", "big" },
	{ "$_ = $_ % 2 == 0 ? \"even\" : \"odd\"", "7", "odd" },
	{ "$_ = lc . uc", "Ab", "abAB" },
	{ "$_ = uc . \"x\"", "ab", "ABx" },
	{ "$_ = join \",\", (1,2,3)[1,2]", "a", "2,3" },
	{ "$_ = (1,2,3)[-1]", "a", "3" },
	{ "$_ = (\"a\",\"b\")[$_]", "1", "b" },
	{ "$_ = \"a\" . \"b\" x 3 . \"c\"", "a", "abbbc" },
	{ "$_ = \"1\" + \"1\"", "a", "2" },
	{ "$_ = \"1\" . \"1\"", "a", "11" },
	{ "$_ = 1 . 1", "a", "11" },
	{ "$_ = 3 . \"\"", "a", "3" },
	{ "$_ = 1.5e3 . \"\"", "a", "1500" },
	{ "$_ = 017 + 0", "a", "15" },
	{ "$_ = \"017\" + 0", "a", "17" },
	{ "$_ = 1 ? 2 ? \"a\" : \"b\" : \"c\"", "a", "a" },
	{ "$_ = uc(substr($_,0,1)) . lc(substr($_,1))", "hELLO", "Hello" },
	{ "$_ = join(\"\", map { ucfirst } split(/_/, $_))",
	  "snake_case_name", "SnakeCaseName" },
	{ "$_ = join \"\", reverse(split //, $_)", "abc", "cba" },
	{ "$_ = sprintf \"%s-%s\", split(/,/, $_)", "a,b", "a-b" },
	{ "$_ = sprintf(\"%s\" x 2, \"a\", \"b\")", "a", "ab" },
	{ "$_ = \"$1\" if /(\\d+)/", "ab12", "12" },
	{ "$_ = $1 . $2 if /(\\d)(\\d)/", "ab12", "12" },
	{ "$_ = $1 // \"none\"", "a", "none" },
	{ "/b/; $_ = \"[$1]\"", "abc", "[]" },
	{ "\"xay\" =~ /a/; $_ = $&", "q", "a" },
	{ "$_ = \"foobar\" =~ /o+/ ? $& : \"\"", "q", "oo" },
	{ "$_ = ($_ =~ m/(\\w)$/)[0]", "word", "d" },
	{ "my ($d, $f) = m{(.*)/(.*)}; $_ = \"$f in $d\"",
	  "a/b/c", "c in a/b" },
	{ "$_ = /^(\\d+)$/ ? $1 + 1 : \"nan\"", "12", "13" },
	{ "$_ = 7 <=> 7", "a", "0" },
	{ "$_ = \"inf\" + 0", "a", "Inf" },
	{ "$_ = \"nan\" + 0", "a", "NaN" },
	{ "$_ = join(\",\", (\"a\") x 3)", "a", "a,a,a" },
	{ "$_ = \"\\e[1m\"", "a", "\033[1m" },
	{ "$_ = \"\\0\" . \"x\"", "a", "\000x" },
	{ "$_ = 1 if $_ == 1.0", "1", "1" },
	{ "$_ = Q($_) if 0", "a", "a" },
	{ "s/(\\w)(\\w*)/\\U$1\\L$2/g", "hello WORLD", "Hello World" },
	{ "$_ = $_ =~ s/a/b/r =~ s/b/c/r", "aab", "cab" },
	{ "tr/a-c/A-C/ for $_", "abc", "ABC" },
	{ "$_ = join \",\", (\"a\",\"b\") x 2", "q", "a,b,a,b" },
	{ "$_ = (sprintf \"%02d\", 3) . \"x\"", "q", "03x" },
	{ "s/(\\d+)/$1+1/e", "v9", "v10" },
	{ "s/(\\d+)/<$1>/ for 1..2", "v9", "v9" },
	{ "$_ = \"x\" if /a/ && !/b/", "ac", "x" },
	{ "$_ = \"<\" . join(\"|\", map { \"$_=\" . length } split /,/)"
	  " . \">\"",
	  "a,bb", "<a=1|bb=2>" },
	{ "s;a;b;", "banana", "bbnana" },
	{ "y/a-z/b-za/", "xyz", "yza" },
	{ "s/([a-z]+)/{$1}/g", "ab cd", "{ab} {cd}" },
	{ "$_ = $1 if m/^([^,]*),/", "ab,cd", "ab" },
	{ "$_ = sprintf(\"%s/%s.%s\", \"d\", $_, \"txt\")", "f", "d/f.txt" },
	{ "$_ = substr($_, 2) . substr($_, 0, 2)", "abcdef", "cdefab" },
	{ "$_ = length > 3 ? \"long\" : \"short\"", "abcd", "long" },
	{ "$_ = lc eq \"abc\" ? 1 : 0", "ABC", "1" },
	{ "my ($a, $b) = (1, 2); ($a, $b) = ($b, $a); $_ = \"$a$b\"",
	  "x", "21" },
	{ "my @l = (3,1,2); $l[1] = 9; $l[5] = 7; $_ = scalar(@l) . $l[1]",
	  "x", "69" },
	{ "my @l = map { $_ * $_ } 1..4; $_ = \"@l\"", "x", "1 4 9 16" },
};

static void perl(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf out = BUF_INIT;
		struct buf err = BUF_INIT;
		unsigned wishes = 0;

		if (!CHECK_INT(evaluate(rows[i].text, rows[i].value, &out,
					&wishes, &err), 0) ||
		    !CHECK_STR(out.data, rows[i].want))
			fprintf(stderr, "# %s: %s\n", rows[i].text, err.data);
		buf_release(&out);
		buf_release(&err);
	}
}
#endif

static void wishes_of(void)
{
	static const struct {
		const char *text;
		unsigned may;
		unsigned does;
	} table[] = {
		{ "uq()", EVAL_UNQUOTED, EVAL_UNQUOTED },
		{ "skip() if $_ eq 'a'", EVAL_SKIP, EVAL_SKIP },
		{ "$job->skip() if $_ eq 'b'", EVAL_SKIP, 0 },
		{ "$_ = total_jobs()", EVAL_TOTAL, 0 },
		{ "$_ = seq()", 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct buf out = BUF_INIT;
		struct buf err = BUF_INIT;
		unsigned wishes = 0;
		struct eval *e = eval_new(table[i].text,
					  strlen(table[i].text), NULL, 0,
					  NULL, &err);

		if (CHECK(e != NULL))
			CHECK_INT(eval_wishes(e), table[i].may);
		eval_free(e);
		CHECK_INT(evaluate(table[i].text, "a", &out, &wishes, &err),
			  0);
		CHECK_INT(wishes, table[i].does);
		buf_release(&out);
		buf_release(&err);
	}
}

static void groups(void)
{
	char *const of[] = { (char *)"a\"$", (char *)"X" };
	struct eval_job job = job_of("v");
	struct buf out = BUF_INIT;
	struct buf err = BUF_INIT;
	unsigned wishes = 0;
	const char *text = "$_ = \"$$1-\" . $$2 . lc $$2";
	struct eval *e = eval_new(text, strlen(text), of, 2, NULL, &err);

	if (!CHECK(e != NULL))
		return;
	CHECK_INT(eval_run(e, &job, &out, &wishes, &err), 0);
	CHECK_STR(out.data, "a\"$-Xx");
	eval_free(e);
	CHECK(eval_new("$$3", 3, of, 2, NULL, &err) == NULL);
	CHECK_STR(err.data, "'$$3' is no group of the replacement string");
	buf_release(&out);
	buf_release(&err);
}

static void conditions(void)
{
	static const struct {
		const char *text;
		int want;
	} table[] = {
		{ "1 < 2", 1 }, { "2 < 1", 0 }, { "\"a\" lt \"b\"", 1 },
		{ "", 0 }, { "0", 0 }, { "\"0.0\"", 1 }, { "seq() > 6", 1 },
		{ "1; 0", 0 }, { "$arg[1] eq 'one'", 1 },
	};
	struct eval_job job = job_of("v");

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct buf err = BUF_INIT;
		struct eval *e = eval_new(table[i].text,
					  strlen(table[i].text), NULL, 0,
					  NULL, &err);

		unsigned wishes = 0;

		if (CHECK(e != NULL))
			CHECK_INT(eval_test(e, &job, &wishes, &err),
				  table[i].want);
		eval_free(e);
		buf_release(&err);
	}
}

/* The message names what is not understood. */
static void refused(void)
{
	static const char *const table[][2] = {
		{ "system('rm')", "'system('rm')' is not supported" },
		{ "`ls`", "'`ls`' is not supported" },
		{ "$x++", "'$x++' begins with a variable that is not set "
		  "(none keeps its value from job to job)" },
		{ "$_ = $h{a}", "'$h{a}' is not supported" },
		{ "open(F, 'x')", "'open(F, 'x')' is not supported" },
		{ "$_ = sub { 1 }", "'sub { 1 }' is not supported" },
		{ "while (1) { }", "'while (1) { }' is not supported" },
		{ "-e $_", "'-e $_' is not supported" },
		{ "s/a/b/q", "'q' is no flag that is supported" },
		{ "s/a/b", "'/b' has no end" },
		{ "1 +", "something is missing at the end" },
		{ "1 2", "'2' is not supported here" },
		{ "$job->kill()", "'$job->kill()' is not supported" },
		{ "\"a\" = 1", "'= 1' has nothing to change" },
		{ "(1", "something is missing at the end" },
		{ "$_ = $Global::x", "'$Global::x' is not supported" },
		{ "s/\\(/x/ }", "'}' is not understood here" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct buf err = BUF_INIT;
		struct eval *e = eval_new(table[i][0], strlen(table[i][0]),
					  NULL, 0, NULL, &err);

		CHECK(e == NULL);
		CHECK_STR(err.data, table[i][1]);
		eval_free(e);
		buf_release(&err);
	}
}

/* What goes wrong with a value, or takes too much. */
static void failing(void)
{
	static const char *const texts[] = {
		"$_ = 1 / 0", "$_ = 1 % 0", "$_ = 'a' x 1e9",
		"$_ = 'a' x 9e18", "$_ = join ',', 1..1e9",
		"$_ = ($_ x 1000) x 100000", "$_ = sqrt(-1)", "$_ = log(0)",
		"$_ = sprintf('%y', 1)", "$_ = chr(300)",
		"my @x; $x[1e9] = 1", "substr($_, 5) = 1",
		"for (1..1e6) { $_ = 1 for 1..1e6 }",
		"my @x; @x = (@x, 1, @x) for 1..99",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct buf out = BUF_INIT;
		struct buf err = BUF_INIT;
		unsigned wishes = 0;

		if (!CHECK_INT(evaluate(texts[i], "v", &out, &wishes, &err),
			       -1))
			fprintf(stderr, "# %s: %s\n", texts[i], err.data);
		CHECK(err.len > 0);
		CHECK_INT(out.len, 0);
		buf_release(&out);
		buf_release(&err);
	}
}

static void deep(void)
{
	struct buf text = BUF_INIT;
	struct buf err = BUF_INIT;

	for (int i = 0; i < 100000; i++)
		buf_addstr(&text, i % 3 ? "(" : "-!(");
	CHECK(eval_new(text.data, text.len, NULL, 0, NULL, &err) == NULL);
	buf_reset(&text);
	for (int i = 0; i < 100000; i++)
		buf_addstr(&text, "s/a/");
	CHECK(eval_new(text.data, text.len, NULL, 0, NULL, &err) == NULL);
	buf_release(&text);
	buf_release(&err);
}

static unsigned next_random(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Pieces of expressions, and any bytes, in any order: no crash, and no
 * success without an end. */
static void anything(void)
{
	static const char *const pieces[] = {
		"$_", "$x", "$1", "@arg", "$arg[", "]", "(", ")", "{", "}",
		"s/", "/", "tr/a-z/", "y/", "m{", "=~", "=", "==", "+", "-",
		"x", "x 3", ".", "..", "?", ":", ",", ";", "if", "unless",
		"for", "my ", "'", "\"", "\\", "\\U", "$", "@", "$$1",
		"split", "join", "map {", "substr(", "sprintf(", "'%d'", "0",
		"12", "1e9", " ", "g", "e", "!", "++", "**", "uq()", "$#",
		"$ENV{", "$job->", "qw(", "q", "not ", "and ", "%", "&&",
		"[a-z]*", "a|b", "reverse ", "#", "\n",
	};
	unsigned state = 1;

	for (int i = 0; i < 20000; i++) {
		struct buf text = BUF_INIT;
		struct buf out = BUF_INIT;
		struct buf err = BUF_INIT;
		unsigned wishes = 0;
		int ret;

		for (unsigned n = next_random(&state) % 14; n > 0; n--) {
			unsigned k = next_random(&state);

			if (k % 17 == 0)
				buf_addch(&text, (char)(1 + k / 17 % 255));
			else
				buf_addstr(&text,
					   pieces[k % ARRAY_SIZE(pieces)]);
		}
		ret = evaluate(text.data, "a1", &out, &wishes, &err);
		if (!CHECK((ret == 0) == (err.len == 0)))
			fprintf(stderr, "# %s: %s\n", text.data, err.data);
		buf_release(&text);
		buf_release(&out);
		buf_release(&err);
	}
}

/* A perl that knows one word. */
struct fake {
	struct eval_perl eval;
	unsigned asked;
	bool is_there;
};

static int fake_check(struct eval_perl *p, const char *code, size_t len,
		      struct buf *err)
{
	struct fake *f = container_of(p, struct fake, eval);

	(void)len;
	if (f->is_there && strstr(code, "bad"))
		buf_addstr(err, "the fake does not like it");
	return f->is_there && !strstr(code, "bad") ? 0 : -1;
}

static int fake_run(struct eval_perl *p, const char *code, size_t len,
		    const struct eval_job *job, bool is_test, struct buf *out,
		    unsigned *wishes, struct buf *err)
{
	struct fake *f = container_of(p, struct fake, eval);

	(void)len;
	f->asked++;
	if (strstr(code, "die")) {
		buf_addstr(err, "it died");
		return -1;
	}
	if (strstr(code, "uq()"))
		*wishes |= EVAL_UNQUOTED;
	if (is_test)
		return *job->value == 'y';
	buf_addf(out, "[%s:%s]", code, job->value);
	return 0;
}

static const struct eval_perl_ops fake_ops = { fake_check, fake_run };

static struct eval *compile_for(struct fake *f, const char *text,
				struct buf *err)
{
	f->eval.ops = &fake_ops;
	return eval_new(text, strlen(text), NULL, 0, &f->eval, err);
}

static void check_run(const struct eval *e, const struct eval_job *job,
		      const char *want)
{
	struct buf out = BUF_INIT;
	struct buf err = BUF_INIT;
	unsigned wishes = 0;

	if (CHECK(e != NULL))
		CHECK_INT(eval_run(e, job, &out, &wishes, &err), 0);
	CHECK_STR(out.data, want);
	buf_release(&out);
	buf_release(&err);
}

static void handed_over(void)
{
	struct fake f = { .is_there = true };
	struct eval_job job = job_of("v");
	struct buf err = BUF_INIT;
	struct eval *own = compile_for(&f, "$_ = uc", &err);
	struct eval *sets = compile_for(&f, "$x = $_; $_ = $x", &err);
	struct eval *my = compile_for(&f, "my $x = $_; $_ = $x", &err);
	struct eval *e;

	check_run(sets, &job, "v");
	CHECK(!eval_perl_is_used(&f.eval));
	e = compile_for(&f, "sort slot", &err);
	CHECK(eval_perl_is_used(&f.eval));
	CHECK_UINT(f.asked, 0);
	check_run(e, &job, "[sort slot:v]");
	CHECK_INT(eval_wishes(e), EVAL_PERL | EVAL_SLOT);
	/* Variables are perl's now. */
	check_run(sets, &job, "[$x = $_; $_ = $x:v]");
	check_run(my, &job, "v");
	check_run(own, &job, "V");
	CHECK_UINT(f.asked, 2);
	eval_free(e);
	/* What is found out only when it is run. */
	e = compile_for(&f, "$_ = join ',', 'a'..'c'", &err);
	check_run(e, &job, "[$_ = join ',', 'a'..'c':v]");
	eval_free(e);
	CHECK(compile_for(&f, "sort bad", &err) == NULL);
	CHECK_STR(err.data, "the fake does not like it");
	buf_reset(&err);
	f.is_there = false;
	CHECK(compile_for(&f, "sort x", &err) == NULL);
	CHECK_STR(err.data, "'sort x' is not supported");
	eval_free(own);
	eval_free(sets);
	eval_free(my);
	buf_release(&err);
}

static void groups_for_perl(void)
{
	struct fake f = { .eval = { .ops = &fake_ops }, .is_there = true };
	char a[] = "a'b", b[] = "$$1";
	char *groups[] = { a, b };
	struct eval_job job = job_of("v");
	struct buf err = BUF_INIT;
	struct eval *e = eval_new("sort '$$1', $$2, $$3, $$", 24, groups, 2,
				  &f.eval, &err);

	check_run(e, &job, "[sort 'a'b', $$1, $$3, $$:v]");
	eval_free(e);
	e = eval_new_perl("$$1", 3, &f.eval, &err);
	check_run(e, &job, "[$$1:v]");
	eval_free(e);
	buf_release(&err);
}

/* What was learnt is not asked again; what needs a slot is not learnt. */
static void memos(void)
{
	struct fake f = { .is_there = true };
	struct arena arena = { 0 };
	struct eval_memo *memo = eval_memo_new(&arena);
	struct eval_job job = job_of("v");
	struct eval_job other = job_of("w");
	struct buf err = BUF_INIT;
	struct eval *e = compile_for(&f, "sort", &err);
	struct eval *late = compile_for(&f, "sort slot()", &err);
	char keys[100];
	int what = 0;

	eval_learn(e, &job, memo);
	eval_learn(e, &job, memo);
	eval_learn(late, &job, memo);
	CHECK_UINT(f.asked, 1);
	for (int i = 0; i < 100; i++)
		eval_memo_set(memo, &keys[i], i);
	for (int i = 0; i < 100; i++) {
		CHECK(eval_memo_get(memo, &keys[i], &what));
		CHECK_INT(what, i);
	}
	CHECK(!eval_memo_get(memo, &what, &what));
	job.memo = other.memo = memo;
	job.is_quick = other.is_quick = true;
	check_run(e, &job, "[sort:v]");
	CHECK_UINT(f.asked, 1);
	CHECK_INT(eval_run(e, &other, &err, &(unsigned){ 0 }, &err), -1);
	CHECK_STR(err.data, "only perl could tell now");
	other.is_quick = false;
	check_run(e, &other, "[sort:w]");
	check_run(late, &other, "[sort slot():w]");
	CHECK_UINT(f.asked, 3);
	eval_free(e);
	eval_free(late);
	arena_release(&arena);
	buf_release(&err);
}

static const struct tap_case cases[] = {
#ifdef HAVE_PCRE2
	{ "expressions give what Perl gives", perl },
#endif
	{ "uq(), skip() and total_jobs() are told", wishes_of },
	{ "groups of a replacement string are texts", groups },
	{ "conditions", conditions },
	{ "what is not supported is named", refused },
	{ "what fails with a value says so", failing },
	{ "deep nesting is refused", deep },
	{ "no text makes it crash", anything },
	{ "what is beyond it is handed to perl", handed_over },
	{ "perl gets the groups of a tag as text", groups_for_perl },
	{ "a memo spares perl questions", memos },
};

TAP_MAIN(cases)
