// For each line of the standard input: a line of JSON that says what the default credentials chain
// gave and who STS takes that for, or the error. One configuration all the time, as in an
// application.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"log"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

type answer struct {
	Version     string     `json:"version"`
	AccessKeyID string     `json:"accessKeyId,omitempty"`
	AccountID   string     `json:"accountId,omitempty"`
	Expiration  *time.Time `json:"expiration,omitempty"`
	Arn         string     `json:"arn,omitempty"`
	Error       string     `json:"error,omitempty"`
}

func whoAmI(ctx context.Context, cfg aws.Config) (answer, error) {
	credentials, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return answer{}, err
	}
	caller, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return answer{}, err
	}
	found := answer{
		AccessKeyID: credentials.AccessKeyID,
		AccountID:   credentials.AccountID,
		Arn:         aws.ToString(caller.Arn),
	}
	if credentials.CanExpire {
		found.Expiration = &credentials.Expires
	}
	return found, nil
}

func version() string {
	build, _ := debug.ReadBuildInfo()
	for _, module := range build.Deps {
		if module.Path == "github.com/aws/aws-sdk-go-v2" {
			return strings.TrimPrefix(module.Version, "v")
		}
	}
	return "unknown"
}

func main() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	out := json.NewEncoder(os.Stdout)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		found, err := whoAmI(ctx, cfg)
		if err != nil {
			found.Error = err.Error()
		}
		found.Version = version()
		if err := out.Encode(found); err != nil {
			log.Fatal(err)
		}
	}
}
