mock_provider "aws" {}

variables {
  name      = "gallery"
  hash_key  = "pk"
  range_key = "sk"
}

run "refuses_a_projection_that_there_is_not" {
  command = plan

  variables {
    indexes = { by_time = { hash_key = "pk", range_key = "time_key", projection = "SOME" } }
  }

  expect_failures = [var.indexes]
}

run "refuses_to_include_nothing" {
  command = plan

  variables {
    indexes = { by_time = { hash_key = "pk", range_key = "time_key", projection = "INCLUDE" } }
  }

  expect_failures = [var.indexes]
}

run "refuses_attributes_that_are_there_anyway" {
  command = plan

  variables {
    indexes = { by_time = { hash_key = "pk", range_key = "time_key", non_key_attributes = ["title"] } }
  }

  expect_failures = [var.indexes]
}

run "refuses_more_attributes_than_dynamodb_takes" {
  command = plan

  variables {
    indexes = {
      by_time = {
        hash_key           = "pk"
        range_key          = "time_key"
        projection         = "INCLUDE"
        non_key_attributes = [for number in range(101) : "attribute_${number}"]
      }
    }
  }

  expect_failures = [var.indexes]
}
