package surface_test

import (
	"fmt"

	"github.com/launchready/launchready/surface"
)

func ExampleRouteList() {
	s, err := surface.RouteList([]byte(`
# what the framework printed
POST /v1/chats {"title": "hello"}
GET  /v1/chats/:chat_id
POST /v1/chats/:chat_id/messages {"content": "hi"}
DELETE /v1/chats/:chat_id
POST /v1/auth/login {"email": "a@b.test", "password": "x"}
`), surface.Source{Location: "routes.txt"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, rt := range surface.Order(s.Routes) {
		fmt.Printf("%s %s of %q\n", rt.Kind, rt, rt.Resource)
	}
	// Output:
	// sign-in POST /v1/auth/login of ""
	// create POST /v1/chats of "/v1/chats"
	// chat POST /v1/chats/{chat_id}/messages of "/v1/chats/{}/messages"
	// read GET /v1/chats/{chat_id} of "/v1/chats"
	// delete DELETE /v1/chats/{chat_id} of "/v1/chats"
}

func ExampleCreates() {
	s, _ := surface.RouteList([]byte("POST /register\nGET /users/{username}\nPOST /upload\nGET /files/{id}\nPOST /files/{id}/share"), surface.Source{})
	for _, rt := range s.Routes {
		if surface.Creates(rt) {
			fmt.Println(rt, "makes an object of", rt.Resource)
		}
	}
	// Output:
	// POST /register makes an object of /users
	// POST /upload makes an object of /files
}
