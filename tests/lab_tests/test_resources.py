"""The lab target with its default options: users, groups, uniqueness, versions."""

from tests.lab_tests.exchange import ENTERPRISE, group, lab_client, user


async def test_a_created_user_is_read_back_with_id_and_meta() -> None:
    """POST answers 201 with Location and version, and GET shows the same resource."""
    async with lab_client() as client:
        created = await client.post("/Users", user("bjensen", name={"givenName": "Barbara"}))
        assert created.status == 201
        assert created.headers["location"] == created.document["meta"]["location"]
        read = await client.get(f"/Users/{created.document['id']}")
        assert read.document == created.document
        assert read.document["name"] == {"givenName": "Barbara"}


async def test_attribute_names_get_the_spelling_of_the_rfc_and_empty_ones_are_left_out() -> None:
    """RFC 7643 2.1 and 2.5: names do not mind case; null and an empty array are no value."""
    async with lab_client() as client:
        created = await client.post("/Users", user("bjensen", DISPLAYNAME="Barbara", title=None, roles=[]))
        assert created.document["displayName"] == "Barbara"
        assert not {"DISPLAYNAME", "title", "roles"} & created.document.keys()


async def test_a_user_name_that_differs_in_case_only_is_taken() -> None:
    """A duplicate is 409 uniqueness, also when a rename makes it."""
    async with lab_client() as client:
        await client.create_user("bjensen")
        other = await client.create_user("other")
        again = await client.post("/Users", user("BJensen"))
        assert (again.status, again.document["scimType"], again.document["status"]) == (
            409,
            "uniqueness",
            "409",
        )
        renamed = await client.patch(
            f"/Users/{other}", {"op": "replace", "path": "userName", "value": "bJENSEN"}
        )
        assert renamed.status == 409
        own_case = await client.patch(
            f"/Users/{other}", {"op": "replace", "path": "userName", "value": "OTHER"}
        )
        assert own_case.status == 204


async def test_put_replaces_the_whole_resource() -> None:
    """What a PUT does not name is gone; id and creation time stay."""
    async with lab_client() as client:
        user_id = await client.create_user("bjensen", title="Guide", **{ENTERPRISE: {"department": "Tours"}})
        answer = await client.send("PUT", f"/Users/{user_id}", user("bjensen", displayName="Barbara"))
        assert answer.status == 200
        assert answer.document["id"] == user_id
        assert answer.document["displayName"] == "Barbara"
        assert not {"title", ENTERPRISE} & answer.document.keys()


async def test_a_deleted_user_is_gone_and_leaves_its_groups() -> None:
    """DELETE is 204, then everything is 404, and no group has a dangling member."""
    async with lab_client() as client:
        user_id = await client.create_user("bjensen")
        group_id = await client.create_group("Tour Guides", [user_id])
        assert (await client.send("DELETE", f"/Users/{user_id}")).status == 204
        assert (await client.send("DELETE", f"/Users/{user_id}")).status == 404
        assert await client.members(group_id) == set()
        assert await client.create_user("bjensen") != user_id


async def test_a_group_with_an_unknown_member_is_refused_as_a_whole() -> None:
    """A member must exist; nothing is left of the refused group."""
    async with lab_client() as client:
        refused = await client.post("/Groups", group("Tour Guides", ["nobody"]))
        assert refused.status == 400
        assert (await client.get("/Groups")).document["totalResults"] == 0


async def test_a_version_that_is_not_current_is_412_and_an_unchanged_one_304() -> None:
    """If-Match guards writes, If-None-Match saves reads."""
    async with lab_client() as client:
        user_id = await client.create_user("bjensen")
        path = f"/Users/{user_id}"
        version = (await client.get(path)).headers["etag"]
        assert (await client.get(path, {"If-None-Match": version})).status == 304
        changed = await client.send("PUT", path, user("bjensen", title="Guide"), {"If-Match": version})
        assert changed.status == 200
        assert changed.headers["etag"] != version
        late = await client.send("PUT", path, user("bjensen", title="Chief"), {"If-Match": version})
        assert late.status == 412


async def test_a_wrong_token_and_bad_bodies_are_refused() -> None:
    """401 for a stranger, 400 for no JSON, no schemas, no userName and a manager that is a string."""
    async with lab_client() as client:
        bodies = (
            [1],
            {"userName": "x"},
            user(""),
            user("x", **{ENTERPRISE: {"manager": "y"}}),
            user("x", active="maybe"),
        )
        statuses = [(await client.post("/Users", body)).status for body in bodies]
        assert statuses == [400] * 5
        client.token = "wrong"
        assert (await client.get("/Users")).status == 401


async def test_discovery_tells_the_truth_about_the_options() -> None:
    """The configuration, resource types and schemas follow the switches."""
    async with lab_client(patch=False, groups=False, cursor=True, bulk=True, bulk_operations=7) as client:
        config = (await client.get("/ServiceProviderConfig")).document
        assert not config["patch"]["supported"]
        assert config["bulk"]["maxOperations"] == 7
        assert config["pagination"]["cursor"]
        types = (await client.get("/ResourceTypes")).document
        assert [kind["name"] for kind in types["Resources"]] == ["User"]
        schemas = (await client.get("/Schemas")).document
        assert {schema["name"] for schema in schemas["Resources"]} == {"User", "EnterpriseUser"}
        assert (await client.get("/Groups")).status == 404
