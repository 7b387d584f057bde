package main

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/sallyport-go/sallyport/auth"
)

func echoRouter(guard *auth.Guard) http.Handler {
	e := echo.New()
	e.GET("/orders/:id", func(c echo.Context) error {
		return c.JSON(http.StatusOK, answer(c.Request(), c.Param("id")))
	}, echo.WrapMiddleware(guard.Require("orders:read")))
	return e
}
