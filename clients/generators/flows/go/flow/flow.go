// Package flow has what the programs share that sign in through generated clients.
package flow

import (
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"net/http/cookiejar"
	"os"
)

// Password is what the account is signed up with.
const Password = "correct horse battery staple"

// Name is the account's display name.
const Name = "Ada Lovelace"

// Service is where the service answers.
var Service = os.Getenv("LATCHKEY_URL")

// Email is an address that no other run uses.
var Email = fmt.Sprintf("generated-%s@example.com", rand.Text())

// Browser keeps cookies, as a browser does and Go's client does not by itself.
func Browser() *http.Client {
	jar, err := cookiejar.New(nil)
	Must(err)
	return &http.Client{Jar: jar}
}

// Must ends the program where there is an error.
func Must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// Check ends the program where a promise does not hold.
func Check(holds bool, promise string, found any) {
	if !holds {
		log.Fatalf("%s: %+v", promise, found)
	}
}

// Worked says so.
func Worked() {
	fmt.Println("signed up, signed in, called me")
}
