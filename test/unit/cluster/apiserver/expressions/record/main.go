// Asks the API server's own CEL library what it says of expressions: one JSON object {"expression", "object"} a line comes
// in on stdin, one with "issues" or "type" and "value" or "error" goes out on stdout. Run it in a folder with a go.mod
// that requires k8s.io/apiserver v0.36.3.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/apiserver/pkg/cel/library"
)

func main() {
	base := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())
	set, err := base.Extend(environment.VersionedOptions{IntroducedVersion: version.MajorMinor(1, 0), EnvOptions: []cel.EnvOption{cel.Variable("object", cel.DynType), cel.Variable("n", cel.IntType), cel.Variable("s", cel.StringType)}})
	if err != nil {
		panic(err)
	}
	env, err := set.Env(environment.StoredExpressions)
	if err != nil {
		panic(err)
	}
	_ = types.NullValue
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var q struct {
			Expression string
			Object     any
		}
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			panic(err)
		}
		r := map[string]any{"expression": q.Expression}
		if q.Object != nil {
			r["object"] = q.Object
		}
		ast, issues := env.Compile(q.Expression)
		if issues != nil && issues.Err() != nil {
			r["issues"] = issues.String()
		} else {
			r["type"] = cel.FormatCELType(ast.OutputType())
			prog, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize, cel.OptTrackCost), cel.CostTracking(&library.CostEstimator{}), cel.InterruptCheckFrequency(100))
			if err != nil {
				r["program"] = err.Error()
			} else {
				v, details, err := prog.ContextEval(context.Background(), map[string]any{"object": fix(q.Object), "n": int64(3), "s": "text"})
				if err != nil {
					r["error"] = err.Error()
				} else {
					r["value"] = show(v)
				}
				if details != nil && details.ActualCost() != nil {
					r["cost"] = *details.ActualCost()
				}
			}
		}
		out.Encode(r)
	}
}

func fix(v any) any {
	switch t := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for k, e := range t {
			m[k] = fix(e)
		}
		return m
	case []any:
		l := make([]any, len(t))
		for i, e := range t {
			l[i] = fix(e)
		}
		return l
	case float64:
		if t == float64(int64(t)) {
			return int64(t)
		}
		return t
	}
	return v
}

func show(v ref.Val) string { return fmt.Sprintf("%s %v", v.Type().TypeName(), v.Value()) }
