using Gflow.Core.Arrays;

namespace Gflow.Tests.Arrays;

public sealed class ShellTemplateTests
{
    [Theory]
    [InlineData("python t.py --lr {x}", "0.1", "python t.py --lr 0.1")]
    [InlineData("python t.py --lr '{x}'", "0.1", "python t.py --lr '0.1'")]
    [InlineData("python t.py --lr={x}", "a b", "python t.py --lr='a b'")]
    [InlineData("python t.py --lr={x}", "", "python t.py --lr=''")]
    [InlineData("python t.py {x}", "it's", "python t.py 'it'\\''s'")]
    [InlineData("python t.py '{x}'", "it's", "python t.py 'it'\\''s'")]
    [InlineData("python t.py \"{x}\"", "$a`b\\\"", "python t.py \"\\$a\\`b\\\\\\\"\"")]
    [InlineData("python t.py \"\\{x}\"", "$a", "python t.py \"\\\\\\$a\"")]
    [InlineData("bash -c 'python t.py {x}'", "0.1", "bash -c 'python t.py 0.1'")]
    [InlineData("bash -c 'python t.py {x}'", "a b", "bash -c 'python t.py '\\''a b'\\'''")]
    [InlineData("sudo -u me env A=1 sh -e -o pipefail -lc \"echo {x}\"", "a b", "sudo -u me env A=1 sh -e -o pipefail -lc 'echo '\\''a b'\\'''")]
    [InlineData("eval eval echo {x}", "a b", "eval 'eval '\\''echo '\\''\\'\\'''\\''a b'\\''\\'\\'''\\'''\\'' '  ")]
    [InlineData("{x} t.py", "python3.12", "python3.12 t.py")]
    [InlineData("{x} t.py", "A=1", "'A=1' t.py")]
    [InlineData("{x} t.py", "if", "'if' t.py")]
    [InlineData("echo {x}>f", "2", "echo '2'>f")]
    [InlineData("echo $A{x}", "B", "echo $A'B'")]
    [InlineData("echo \"$A{x}\"", "B", "echo \"$A\"\"B\"")]
    [InlineData("echo {a,{x}}", "b,c", "echo {a,'b,c'}")]
    [InlineData("echo ${x} {x", "1", "echo ${x} {x")]
    [InlineData("awk '{print}' ${HOME} {a,b} {y}", "1", "awk '{print}' ${HOME} {a,b} {y}")]
    [InlineData("cat <<EOF\nlr={x}\nEOF", "0.1", "cat <<EOF\nlr=0.1\nEOF")]
    [InlineData("echo $(( {x} + 1 ))", "3", "echo $(( 3 + 1 ))")]
    [InlineData("echo `echo {x}`", "a.b", "echo `echo a.b`")]
    [InlineData("[[ {x} == a ]] && echo {x}", "a", "[[ a == a ]] && echo a")]
    [InlineData("[[ a == a ]] && echo {x}", "a b", "[[ a == a ]] && echo 'a b'")]
    [InlineData("case {x} in a) echo 1;; esac; echo {x}", "a b", "case 'a b' in a) echo 1;; esac; echo 'a b'")]
    [InlineData("export A={x}; B={x} python", "a b", "export A='a b'; B='a b' python")]
    [InlineData("python t.py eval {x}", "a b", "python t.py eval 'a b'")]
    [InlineData("ssh -p 22 me@host python t.py {x}", "a", "ssh -p 22 me@host 'python t.py a'  ")]
    public void A_value_is_written_as_its_place_demands(string command, string value, string filled)
    {
        var read = Placeholders.InShell(command, new Dictionary<string, string> { ["x"] = value });
        Assert.True(read.Ok, read.Problems.Count > 0 ? read.Problems[0].Message : "");
        Assert.Equal(filled, read.Value);
    }

    [Theory]
    [InlineData("cat <<EOF\n{x}\nEOF", "a b", "in a here-document")]
    [InlineData("cat <<'EOF'\n{x}\nEOF", "EOF", "in a here-document, which it could end")]
    [InlineData("echo # {x}", "a b", "in a comment")]
    [InlineData("echo `echo {x}`", "a b", "in backticks")]
    [InlineData("echo `echo $A{x}`", "B", "in backticks")]
    [InlineData("echo ${a:-{x}}", "a b", "in ${...}")]
    [InlineData("echo $(({x}))", "a", "in arithmetic")]
    [InlineData("(( n = {x} ))", "a", "in arithmetic")]
    [InlineData("[[ {x} -eq 1 ]]", "a b", "in [[ ]]")]
    [InlineData("a[{x}]=1", "a", "in a subscript")]
    [InlineData("a[1 + {x}]=1", "$(a)", "in a subscript")]
    [InlineData("echo $'{x}'", "a b", "in $'...'")]
    [InlineData("echo '{x}", "a b", "behind a quote or bracket that is never closed")]
    [InlineData("bash -c \"$A {x}\"", "a b", "in code that another command runs")]
    [InlineData("eval \"$(echo {x})\"", "a b", "in code that another command runs")]
    [InlineData("echo {x} | bash", "a b", "in code that another command runs")]
    [InlineData("bash -s <<< {x}", "a b", "in code that another command runs")]
    [InlineData("$SHELL -c 'echo {x}'", "a b", "in code that another command runs")]
    [InlineData("fish -c 'echo {x}'", "a b", "in code that another command runs")]
    [InlineData("bash {x} a", "-c", "where a shell takes its options")]
    [InlineData("let {x}", "a[1]", "where bash may evaluate it")]
    [InlineData("declare -i n; n={x}", "a[1]", "in a variable that shells evaluate")]
    [InlineData("BASH_ENV={x} bash t.sh", "$(a)", "in a variable that shells evaluate")]
    public void What_might_run_as_code_is_refused(string command, string value, string where)
    {
        var read = Placeholders.InShell(command, new Dictionary<string, string> { ["x"] = value });
        Assert.False(read.Ok, command);
        Assert.Equal("unsafe_parameter", read.Problems[0].Code);
        Assert.Equal($"{{x}} stands {where}, where the value \"{value}\" might run as code: write \"$GFLOW_PARAM_x\" there, which each job has in its environment", read.Problems[0].Message);
    }

    [Fact]
    public void A_parameter_that_chooses_the_command_makes_no_code_of_another()
    {
        Assert.False(Fill("{x} {y}", "eval", "touch X").Ok);
        Assert.False(Fill("{x} -c {y}", "bash", "touch X").Ok);
        Assert.Equal("bash 'a b.sh'", Fill("{x} 'a b.sh'", "bash", "").Value);
        Assert.Equal("python 'a b'", Fill("{x} {y}", "python", "a b").Value);
    }

    [Fact]
    public void The_remedy_is_offered_only_where_there_is_such_a_variable()
    {
        var read = Placeholders.InShell("echo # {lr-max}", new Dictionary<string, string> { ["lr-max"] = new('$', 50) });
        Assert.Equal($"{{lr-max}} stands in a comment, where the value \"{new string('$', 39)}…\" might run as code: put it into a word of its own", read.Problems[0].Message);
        Assert.Equal("GFLOW_PARAM_lr", Placeholders.EnvironmentName("lr"));
        Assert.Null(Placeholders.EnvironmentName("lr-max"));
        Assert.Null(Placeholders.EnvironmentName("1a"));
    }

    [Theory]
    [InlineData("{x}/{y} ${x} {z} {x", "{y}/b ${x} {z} {x")]
    public void In_a_word_values_are_put_in_once(string word, string filled) =>
        Assert.Equal(filled, Placeholders.InWord(word, new Dictionary<string, string> { ["x"] = "{y}", ["y"] = "b" }));

    [Fact]
    public void In_a_name_values_are_made_safe() =>
        Assert.Equal("lr0_1-{other}", Placeholders.InName("lr{lr-max}-{other}", new Dictionary<string, string> { ["lr-max"] = " 0.1 " }));

    [Fact]
    public void Brackets_in_brackets_without_end_are_read()
    {
        foreach (var opening in new[] { "$(", "${", "$((", "\"$(", "\"${a:-", "(", "((", "`", "[[ ", "case a in a) ", "a[", "<(", "eval ", "bash -c " })
        {
            Assert.NotNull(ShellTemplate.Parse(string.Concat(Enumerable.Repeat(opening, 20_000)) + "{x}", ["x"]));
        }
    }

    private static Core.Result<string> Fill(string command, string x, string y) =>
        Placeholders.InShell(command, new Dictionary<string, string> { ["x"] = x, ["y"] = y });
}
