"""The local API: what people do here, as JSON under `/api/v1`, for web pages and plugins.

`table.ROUTES` says which resource there is, and whose token opens it; everything else follows from
it: what is validated, what is refused, and the description at `/openapi.json`.
"""
